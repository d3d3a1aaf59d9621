// What is measured, by a name that fits into a line: a ticker, or what a portfolio or an index is called.

const LONGEST = 24; // characters

/** @param {{ticker: string | null, name: string | null, reference: string}} measured */
export const nameOf = ({ ticker, name, reference }) => ticker ?? name ?? reference;

/** The same for places of a fixed width. */
export function shortNameOf(measured) {
  const name = nameOf(measured);
  return name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name;
}
