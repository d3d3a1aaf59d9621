// JSON schemas of the OpenAPI document: resolved, told in words, and an example of each.

import { folded, h, prose } from "./elements.js";

const DEEPEST = 6; // levels of an example that is made up
const LIMITS = {
  minimum: "at least",
  exclusiveMinimum: "above",
  maximum: "at most",
  exclusiveMaximum: "below",
  minLength: "characters at least",
  maxLength: "characters at most",
  minItems: "items at least",
  maxItems: "items at most",
};
const PLACEHOLDERS = { string: "text", integer: 1, number: 1.5, boolean: true, null: null };
const FORMATS = { date: "2026-11-27", "date-time": "2026-11-27T21:00:00Z", uuid: "019aa3b2-7a1e-7c8e-8a55-2f3c9d1e6b70" };

/** The schemas of a document. */
export class Schemas {
  #document;

  constructor(document) {
    this.#document = document;
  }

  /** A parameter, a body, an answer or a header, which may stand elsewhere in the document. */
  at(node) {
    if (!node?.$ref) return node;
    const names = node.$ref
      .slice(2)
      .split("/")
      .map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    return this.at(names.reduce((inner, name) => inner?.[name], this.#document)) ?? {};
  }

  /** A schema without its reference; what stands beside the reference wins. */
  resolve(schema) {
    if (!schema?.$ref) return schema ?? {};
    const { $ref, ...beside } = schema;
    const name = $ref.split("/").at(-1);
    return { title: name, ...this.at({ $ref }), ...beside, refersTo: name };
  }

  /** A schema's kind in a few words: "number or null", "list of FlipAnswer". */
  describe(schema) {
    const found = this.resolve(schema);
    const choices = found.anyOf ?? found.oneOf;
    if (choices) return choices.map((choice) => this.describe(choice)).join(" or ");
    if (found.enum) return found.enum.map((value) => JSON.stringify(value)).join(" | ");
    if ("const" in found) return JSON.stringify(found.const);
    if (found.type === "array") return `list of ${this.describe(found.items)}`;
    if (found.refersTo) return found.refersTo;
    return [found.type ?? "anything", found.format && `(${found.format})`].filter(Boolean).join(" ");
  }

  /** Limits, pattern and default, in words. */
  limits(schema) {
    const found = this.resolve(schema);
    const parts = [found, ...(found.anyOf ?? [])].flatMap((one) =>
      Object.entries(LIMITS).map(([key, words]) => one[key] !== undefined && (/^m..(L|I)/.test(key) ? `${one[key]} ${words}` : `${words} ${one[key]}`)),
    );
    const pattern = [found, ...(found.anyOf ?? [])].find((one) => one.pattern)?.pattern;
    return [parts.filter(Boolean).join(", "), pattern && `pattern ${pattern}`, found.default !== undefined && found.default !== null && `default ${JSON.stringify(found.default)}`].filter(Boolean);
  }

  /** The schema's fields as a list, each with its own folded away. */
  fields(schema) {
    const found = this.#object(schema);
    if (!found) return null;
    const required = new Set(found.required ?? []);
    return h(
      "ul",
      { class: "fields" },
      Object.entries(found.properties ?? {}).map(([name, field]) => {
        const words = this.resolve(field).description;
        return h(
          "li",
          {},
          h("strong", { class: "name" }, name),
          " ",
          h("span", { class: "kind" }, this.describe(field)),
          required.has(name) && h("span", { class: "needed" }, " required"),
          words && h("span", { class: "words" }, " ", prose(words)),
          this.limits(field).map((limit) => h("span", { class: "small soft" }, " · ", limit)),
          this.#object(field) && folded(`Fields of ${name}`, () => this.fields(field)),
        );
      }),
    );
  }

  /** The object that a schema is, or is a list of, or may be; null when it has no fields. */
  #object(schema) {
    const found = this.resolve(schema);
    if (found.properties) return found;
    const inner = found.type === "array" ? [found.items] : (found.anyOf ?? found.oneOf ?? []);
    for (const one of inner) {
      const object = this.#object(one);
      if (object) return object;
    }
    return null;
  }

  /** The names of the schema's fields, and of those of its parts. @param {any} schema @param {Set<string>} names */
  fieldNames(schema, names = new Set(), seen = new Set()) {
    if (!schema || seen.has(schema.$ref)) return names;
    if (schema.$ref) seen.add(schema.$ref);
    const found = this.resolve(schema);
    for (const [name, field] of Object.entries(found.properties ?? {})) {
      names.add(name);
      this.fieldNames(field, names, seen);
    }
    for (const part of [found.items, ...(found.anyOf ?? []), ...(found.oneOf ?? [])]) this.fieldNames(part, names, seen);
    return names;
  }

  /** An example: the document's own where it has one, else made up of defaults and kinds. */
  example(schema, depth = 0) {
    const found = this.resolve(schema);
    if (found.example !== undefined) return found.example;
    if (found.examples?.length) return found.examples[0];
    if (found.default !== undefined && found.default !== null) return found.default;
    if ("const" in found) return found.const;
    if (found.enum) return found.enum[0];
    const choices = found.anyOf ?? found.oneOf;
    if (choices) return found.default === null ? null : this.example(choices[0], depth);
    if (depth > DEEPEST) return null;
    if (found.type === "array") return [this.example(found.items, depth + 1)];
    if (found.type !== "object") return FORMATS[found.format] ?? PLACEHOLDERS[found.type] ?? null;
    const needed = found.required ?? Object.keys(found.properties ?? {});
    return Object.fromEntries(needed.map((name) => [name, this.example(found.properties?.[name], depth + 1)]));
  }
}

/** The example of a body or an answer of one media type. */
export function exampleOf(schemas, content) {
  if (content.example !== undefined) return content.example;
  const [first] = Object.values(content.examples ?? {});
  return first?.value ?? schemas.example(content.schema);
}

/** As it is sent: text as it is, everything else as JSON. */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
