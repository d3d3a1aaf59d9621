// What the API says of a problem, in the pages' words. Its sentences for developers name calls and parameters, where the pages have buttons and pages.

const SENTENCE_END = /(?<=[.;]) /;
const FOR_DEVELOPERS = /\b(?:GET|POST|PUT|PATCH|DELETE) \/|\?[a-z_]+=|\/docs\b|\bAllow header\b/;

/** What a person can do where the API names a call, by the problem's code. @type {Record<string, string>} */
const INSTEAD = {
  bases_differ: "Choose “are replaced” and the whole history, or leave this file out.",
  price_quality: "Upload them again on the page Prices.",
  ticker_not_found: "Upload them on the page Prices, or look for another ticker.",
};

/** A problem's detail without its sentences for developers, and with what to do in their place. @param {string} detail @param {string} code */
export function forPeople(detail, code) {
  const sentences = detail.split(SENTENCE_END);
  const kept = sentences.filter((sentence) => !FOR_DEVELOPERS.test(sentence));
  if (kept.length === sentences.length) return detail;
  return [kept.join(" ").replace(/;$/, "."), INSTEAD[code]].filter(Boolean).join(" ");
}
