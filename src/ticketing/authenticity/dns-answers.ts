/** What the DNS said, as Node tells it. */

export const RECORD_TYPES = ['TXT', 'A', 'AAAA', 'MX', 'PTR', 'CNAME'] as const
export type RecordType = (typeof RECORD_TYPES)[number]

/** Rejects with an Error whose `code` is one of Node's: `ENOTFOUND`, `ENODATA`, `ETIMEOUT` and so on. */
export type Resolve = (name: string, type: RecordType) => Promise<unknown>

/** What there is to find out was found out: asking again changes nothing. */
const ANSWERS = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EFORMERR', 'EBADRESP', 'ENOTIMP'])
export const isAnswer = (error: unknown): boolean => ANSWERS.has(codeOf(error))

/** Without the name that was asked for: that is the stranger's choice. */
export const failure = (code: string): Error => Object.assign(new Error(`the DNS says ${code}`), { code })

export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ESERVFAIL'
