// What scripts of others put on `window` before ours run.

interface SwaggerUI {
  (options: object): object;
  presets: { apis: object };
}

declare const SwaggerUIBundle: SwaggerUI;

interface Window {
  ui: object;
}
