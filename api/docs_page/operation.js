// One operation: its parameters, its body, its answers, and a form to try it.

import { code, folded, h, prose } from "./elements.js";
import { asText, exampleOf } from "./schema.js";
import { trial } from "./trial.js";

const QUERY = ["path", "query", "header"];

/**
 * The folded part of an operation. `call` holds method, path and the operation.
 * @param {{method: string, path: string, operation: any}} call
 * @param {import("./schema.js").Schemas} schemas
 */
export function operationPart(call, schemas) {
  const { method, path, operation } = call;
  const title = [h("span", { class: `method ${method}` }, method.toUpperCase()), " ", h("span", { class: "path" }, path), " ", h("span", { class: "words" }, operation.summary)];
  const part = folded(title, () => content(call, schemas), { class: "operation", id: `operation-${operation.operationId}` });
  part.dataset.words = wordsOf(call, schemas).join(" ").toLowerCase();
  return part;
}

/** What the operation is found by: also its groups, its parameters and the fields of its body and its successful answers. */
function wordsOf({ method, path, operation }, schemas) {
  const answers = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
  const parts = [schemas.at(operation.requestBody), ...answers.map(([, answer]) => schemas.at(answer))];
  const fields = parts.flatMap((part) => Object.values(part?.content ?? {})).flatMap(({ schema }) => [...schemas.fieldNames(schema)]);
  const parameters = (operation.parameters ?? []).map((parameter) => schemas.at(parameter).name);
  return [method, path, operation.summary, operation.operationId, operation.description ?? "", ...(operation.tags ?? []), ...parameters, ...new Set(fields)];
}

function content(call, schemas) {
  const { operation } = call;
  const isOpen = Array.isArray(operation.security) && !operation.security.length;
  return [
    h("p", {}, prose(operation.description), isOpen && " It needs no key.", operation.deprecated && " It is deprecated."),
    h("p", { class: "small soft" }, "Operation id ", h("code", {}, operation.operationId)),
    parameters(
      (operation.parameters ?? []).map((parameter) => schemas.at(parameter)),
      schemas,
    ),
    operation.requestBody && body(schemas.at(operation.requestBody), schemas),
    h("h3", {}, "Answers"),
    Object.entries(operation.responses)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([status, answer]) => answerPart(status, schemas.at(answer), schemas)),
    h("h3", {}, "Try it"),
    trial(call, schemas),
  ];
}

function parameters(list, schemas) {
  if (!list.length) return null;
  const sorted = [...list].sort((one, other) => QUERY.indexOf(one.in) - QUERY.indexOf(other.in));
  return [
    h("h3", {}, "Parameters"),
    h(
      "ul",
      { class: "fields" },
      sorted.map((parameter) => {
        const words = parameter.description ?? schemas.resolve(parameter.schema).description;
        return h(
          "li",
          {},
          h("strong", { class: "name" }, parameter.name),
          " ",
          h("span", { class: "kind" }, `${parameter.in}, ${schemas.describe(parameter.schema)}`),
          parameter.required && h("span", { class: "needed" }, " required"),
          words && h("span", { class: "words" }, " ", prose(words)),
          schemas.limits(parameter.schema).map((limit) => h("span", { class: "small soft" }, " · ", limit)),
        );
      }),
    ),
  ];
}

function body({ content: types, description, required }, schemas) {
  return [
    h("h3", {}, "Body", required ? "" : " (optional)"),
    description && h("p", {}, prose(description)),
    Object.entries(types).map(([type, media]) => [h("p", { class: "small" }, h("code", {}, type)), mediaPart(type, media, schemas, "Example of the body")]),
  ];
}

function mediaPart(type, media, schemas, label) {
  const isText = type.includes("json") || type.startsWith("text/");
  return [schemas.fields(media.schema), isText && folded("Example", () => code(label, asText(exampleOf(schemas, media))))];
}

function answerPart(status, answer, schemas) {
  const types = Object.entries(answer.content ?? {});
  const headers = Object.entries(answer.headers ?? {}).map(([name, header]) => [name, schemas.at(header)]);
  const title = [h("strong", {}, status), " ", h("span", {}, prose(answer.description))];
  if (!types.length && !headers.length) return h("p", { class: "answer" }, title);
  return folded(
    title,
    () => [
      headers.length > 0 &&
        h(
          "ul",
          { class: "fields" },
          headers.map(([name, header]) =>
            h("li", {}, h("strong", { class: "name" }, name), " ", h("span", { class: "kind" }, "header"), " ", h("span", { class: "words" }, prose(header.description))),
          ),
        ),
      types.map(([type, media]) => [h("p", { class: "small" }, h("code", {}, type)), mediaPart(type, media, schemas, `Example of the answer ${status}`)]),
    ],
    { class: "answer" },
  );
}
