/**
 * THE table: what kind of mail this is. The first rule that holds decides, so what says most comes first: whatever
 * answers or reports on a mail that was sent before, then who or what wrote of its own accord. docs/kinds.md shows it
 * to operators.
 *
 * A rule that holds also means that no automatic answer is sent. What a sender forges here can keep a mail of his own
 * from becoming a ticket, or from being answered; nothing else.
 */
import { ANSWER_RULES } from './answer-rules.ts'
import type { Rule } from './rule.ts'
import { SENDER_RULES } from './sender-rules.ts'

export const RULES: readonly Rule[] = [...ANSWER_RULES, ...SENDER_RULES]
