import type { MailContent, ParsedMessage } from '../parsed-message.ts'
import { aboutWhat } from './about.ts'
import { reported } from './bounce/delivery.ts'
import { Evidence } from './evidence.ts'
import { RULES } from './rules.ts'

type Classified = Pick<ParsedMessage, 'kind' | 'reason' | 'mayAnswer' | 'delivery' | 'reportsOn'>

/**
 * What kind of mail this is, by the first rule that holds; whom a bounce is about, and which mail a report is.
 *
 * Pure and total, and linear in the little that it looks at.
 */
export function classify(content: MailContent): Classified {
  const evidence = new Evidence(content)
  const rule = RULES.find(({ holds }) => holds(evidence))
  if (rule === undefined) return PERSONAL
  const { kind, code: reason } = rule
  if (kind === 'delivery-status') return { kind, reason, mayAnswer: false, ...reported(evidence) }
  return { kind, reason, mayAnswer: false, delivery: null, reportsOn: aboutWhat(kind, content) }
}

const PERSONAL: Classified = { kind: 'personal', reason: 'kind/none', mayAnswer: true, delivery: null, reportsOn: [] }
