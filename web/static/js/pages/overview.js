import { byId } from "../dom.js"; import { loading } from "../states.js"; byId("page").replaceChildren(loading());
