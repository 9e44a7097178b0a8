/** The shape of rules.yaml. docs/rules.schema.json is made from it, so that editors complete and check the file. */
import { RE2JS } from 're2js'
import { z } from 'zod'

const TEXT_MAX_CHARACTERS = 1000
const NAME_MAX_CHARACTERS = 100

const text = z.string().min(1).max(TEXT_MAX_CHARACTERS)
/** Ends up in the database and in lists: one line, no control characters. */
const name = z
  .string()
  .max(NAME_MAX_CHARACTERS)
  .regex(/^\P{Cc}+$/u)
const oneOrMore = <T extends z.ZodType>(each: T) => z.union([each, z.array(each).min(1)])
const texts = oneOrMore(text)

const pattern = text.check((checked) => {
  const problem = whyNoPattern(checked.value)
  if (problem !== null) checked.issues.push({ code: 'custom', message: problem, input: checked.value })
})

function whyNoPattern(source: string): string | null {
  try {
    RE2JS.compile(source)
    return null
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    return `it is no regular expression as RE2 knows them: ${reason.replace(/^error parsing regexp: /, '')}`
  }
}

const operators = {
  equals: texts.optional().describe('The whole value; of a list, one of it.'),
  in: z.array(text).min(1).optional().describe('The whole value is one of these.'),
  contains: texts.optional(),
  'starts-with': texts.optional(),
  'ends-with': texts.optional(),
  matches: oneOrMore(pattern)
    .optional()
    .describe('A regular expression of RE2; found anywhere unless ^ and $ say else.'),
  exists: z.boolean().optional().describe('There is one at all.'),
}
const domain = { domain: texts.optional().describe('The domain of the address, or one that it is below.') }
const size = z.union([z.int().min(0), z.string().regex(/^\d{1,9} ?([kmg]b)?$/i)])

const operation = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape).refine(isNotEmpty, { error: 'it says nothing' })
function isNotEmpty(value: object): boolean {
  return Object.keys(value).length > 0
}

const about = (what: string, condition: z.ZodType) => condition.optional().describe(what)
const addressed = (what: string) => about(what, z.union([texts, operation({ ...operators, ...domain })]))
const textual = (what: string) => about(what, z.union([texts, operation(operators)]))
const chosen = (what: string, choices: readonly [string, ...string[]]) => about(what, oneOrMore(z.enum(choices)))

const KINDS = [
  'personal',
  'list',
  'notification',
  'auto-reply',
  'delivery-status',
  'disposition',
  'feedback',
  'challenge',
] as const
const TRUSTS = ['verified', 'unverified', 'failed', 'unknown'] as const
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const

const fields = {
  from: addressed('The address of who wrote it.'),
  to: addressed('The addresses of To.'),
  cc: addressed('The addresses of Cc.'),
  recipient: addressed('The addresses of To and Cc, and the one that it was delivered to.'),
  'reply-to': addressed('The addresses of Reply-To.'),
  subject: textual('A text alone: the subject contains it.'),
  body: textual('The start of the text, 65,536 characters. A text alone: the body contains it.'),
  attachment: textual('Names of files. A text alone: one contains it.'),
  'attachment-type': textual('Types like application/pdf.'),
  size: about('Octets of the whole mail.', operation({ above: size.optional(), below: size.optional() })),
  kind: chosen('What kind of mail it is.', KINDS),
  reason: textual('The code that decided the kind.'),
  trust: chosen('Whether the From address is vouched for.', TRUSTS),
  mailbox: textual('The name of the mailbox, as in MAILBOX_<NAME>_URL in lower case.'),
  'may-answer': about('An automatic answer may be sent.', z.boolean()),
  language: textual('What its writer reads, like de.'),
  defect: textual('Codes of what was wrong with the mail.'),
}

export const HEADER_PREFIX = 'header.'
export const FIELD_NAMES = Object.keys(fields)
export const COMBINATORS = ['any', 'all', 'not']

const match: z.ZodType<Match> = z
  .object({
    ...fields,
    get any() {
      return z.array(match).min(1).optional().describe('At least one of these holds.')
    },
    get all() {
      return z.array(match).min(1).optional().describe('Each of these holds.')
    },
    get not() {
      return z
        .union([match, z.array(match).min(1)])
        .optional()
        .describe('None of these holds.')
    },
  })
  .catchall(textual('A field of the header; a text alone: it contains it.'))
  .refine(isNotEmpty, { error: 'it would match every mail: if that is meant, write `when: always`' })

const actions = z
  .strictObject({
    queue: name.optional().describe('The queue of a new ticket.'),
    priority: z.enum(PRIORITIES).optional().describe('The priority of a new ticket.'),
    tag: oneOrMore(name).optional().describe('One more tag.'),
    tags: oneOrMore(name).optional().describe('More tags.'),
    assign: name.optional().describe('Whose a new ticket is.'),
    requester: z.literal('reply-to').optional().describe('For contact forms: the requester is who Reply-To names.'),
    suppress: z.literal(true).optional().describe('No ticket; the mail is kept.'),
    hold: z.literal(true).optional().describe('A person looks at it first.'),
    ticket: z.literal(true).optional().describe('A ticket, although its kind would make none.'),
  })
  .refine(isNotEmpty, { error: 'it does nothing' })
  .refine(({ suppress, hold, ticket }) => [suppress, hold, ticket].filter(Boolean).length < 2, {
    error: 'only one of suppress, hold and ticket can be done',
  })

/** As a name of its own, for an object with a method of this name would pass for a promise. */
const THEN = 'then'

const rule = z.strictObject({
  name: name.describe('Unique; it stands in the events of the mails that it matched.'),
  when: z.union([z.literal('always'), match]).describe('All that is named here holds; or always.'),
  [THEN]: actions,
  stop: z.boolean().optional().describe('The rules after it are not looked at.'),
})

export const RULES_FILE = z.strictObject({ rules: z.array(rule) })

export const KNOWN_KEYS = {
  file: Object.keys(RULES_FILE.shape),
  rule: Object.keys(rule.shape),
  actions: Object.keys(actions.shape),
  operators: [...Object.keys(operators), ...Object.keys(domain), 'above', 'below'],
} as const

export type Actions = z.infer<typeof actions>
/** What stands behind a field. */
export type Condition = string | boolean | readonly string[] | Operation
export type Operation = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>
export interface Match {
  readonly any?: readonly Match[] | undefined
  readonly all?: readonly Match[] | undefined
  readonly not?: Match | readonly Match[] | undefined
  readonly [field: string]: unknown
}

/** For editors: RFC draft 2020-12 as zod writes it, with fields of the header by their pattern. */
export function rulesJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(RULES_FILE, {
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      if (!Object.is(zodSchema, match)) return
      const { additionalProperties: ofHeader } = jsonSchema
      if (typeof ofHeader === 'object') jsonSchema.patternProperties = { '^header\\..+$': ofHeader }
      jsonSchema.additionalProperties = false
    },
  })
}
