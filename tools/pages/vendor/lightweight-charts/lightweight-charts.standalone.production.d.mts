// The types of the vendored library: those of the npm package of the same version.
export * from "lightweight-charts";
