const SENTENCE_MAX_CHARACTERS = 200
/** No human text has words this long. */
const SUSPICIOUS_WORD_CHARACTERS = 40
const FRAGMENT_CHARACTERS = 12
const REDACTED = '[redacted]'

/** The first sentence of an authority's words, without addresses and without anything like a secret (I9). */
export function quoteSentence(description: string, secrets: readonly string[]): string {
  const known = secrets.filter((secret) => secret !== '')
  // Before anything is cut: half a secret would not be known any more.
  const printable = withoutSecrets(description, known)
    // Many spaces in a row would take the pattern for the end below quadratic time.
    .replace(/[^\x21-\x7e]+/g, ' ')
    .replace(/^\s*AADSTS\d+:\s*/, '')
  const sentence = /^.*?[.!?](?=\s|$)/.exec(printable)?.[0] ?? printable
  return sentence
    .split(' ')
    .map((word) => safeWord(word, known))
    .join(' ')
    .replace(/[.\s]+$/, '')
    .trim()
    .slice(0, SENTENCE_MAX_CHARACTERS)
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secrets.flatMap((secret) => [secret, encodeURIComponent(secret), formEncoded(secret)])
  return forms.reduce((rest, form) => rest.replaceAll(form, REDACTED), text)
}

/** As it stands in the body of a request. */
const formEncoded = (secret: string) => new URLSearchParams({ '': secret }).toString().slice(1)

function safeWord(word: string, secrets: readonly string[]): string {
  if (word.includes('@') || /%40/.test(word)) return '[address]'
  if (word.length >= SUSPICIOUS_WORD_CHARACTERS) return REDACTED
  return word.length >= FRAGMENT_CHARACTERS && secrets.some((secret) => secret.includes(word)) ? REDACTED : word
}
