/** What the rules say of a mail, in their order, and what its control fields say where they are obeyed. Pure. */
import { storableText } from '../../message/storable-text.ts'
import type { TicketMarks } from '../../store/tickets.ts'
import type { MatchedRule, Ruling } from '../fate.ts'
import type { Rule } from './compile.ts'
import { controlActions, controlFields } from './control-fields.ts'
import type { Actions } from './shape.ts'
import { type Evidence, valuesOf } from './values.ts'

/** Control fields are heard last: they are of this one mail, rules of many. */
export function rulingOf(rules: readonly Rule[], evidence: Evidence, obeysControlFields: boolean): Ruling {
  const { matched, actions } = matching(rules, evidence)
  const fields = controlFields(evidence.mail.header)
  const obeyed = obeysControlFields ? controlActions(fields) : []
  const all = [...actions, ...obeyed]
  return {
    matched,
    fate: FATES.find((fate) => all.some((each) => each[fate] === true)) ?? null,
    marks: marksOf(all),
    requesterIsReplyTo: all.some(({ requester }) => requester === 'reply-to'),
    controlFields: obeysControlFields ? fields.map(({ name }) => name) : [],
    controlFieldsIgnored: !obeysControlFields && fields.length > 0,
  }
}

/** The careful one wins. */
const FATES = ['hold', 'suppress', 'ticket'] as const

function matching(rules: readonly Rule[], evidence: Evidence) {
  const values = valuesOf(evidence)
  const matched: MatchedRule[] = []
  const actions: Actions[] = []
  for (const { name, holds, actions: done, stop } of rules) {
    const because = holds(values)
    if (because === null) continue
    matched.push({ name, because })
    actions.push(done)
    if (stop) break
  }
  return { matched, actions }
}

const MAX_TAGS = 50
const MAX_CHARACTERS = 100

/** Of each mark the last word counts; tags add up. */
function marksOf(actions: readonly Actions[]): TicketMarks {
  const last = (mark: 'queue' | 'assign') => {
    const said = actions.findLast((each) => each[mark] !== undefined)?.[mark]
    return said === undefined ? null : storableText(said, MAX_CHARACTERS)
  }
  const tags = actions.flatMap(({ tag = [], tags = [] }) => [tag, tags].flat())
  return {
    queue: last('queue'),
    priority: actions.findLast(({ priority }) => priority !== undefined)?.priority ?? null,
    tags: [...new Set(tags.map((tag) => storableText(tag, MAX_CHARACTERS)))].slice(0, MAX_TAGS),
    assignee: last('assign'),
  }
}
