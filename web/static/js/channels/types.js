// The types of channels, and what each of them needs to be told.

/** @type {Record<string, {name: string, label?: string, example?: string, hint?: string, missing: string}>} */
export const TYPES = {
  email: { name: "E-mail", missing: "Give the e-mail address, as in me@example.com." },
  webhook: {
    name: "Webhook",
    label: "URL",
    example: "https://example.com/hooks/bellwether",
    hint: "Messages are posted there, and signed with a secret that is shown once.",
    missing: "Give the URL that messages are posted to.",
  },
  ntfy: {
    name: "ntfy",
    label: "URL of the topic",
    example: "https://ntfy.sh/my-topic",
    hint: "Whoever knows the name of a public topic can read it.",
    missing: "Give the URL of the topic, as in https://ntfy.sh/my-topic.",
  },
  apprise: {
    name: "Apprise",
    label: "URL of Apprise",
    example: "tgram://token/chat",
    hint: "It is not shown again. The operator of this service must have installed Apprise.",
    missing: "Give the URL of Apprise, as in tgram://token/chat.",
  },
};

export const typeName = (type) => TYPES[type]?.name ?? type;
