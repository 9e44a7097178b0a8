/**
 * RFC 3464: the fields of message/delivery-status, one group a recipient. Read also where the part is typed wrongly or
 * stands in the text, which is where some gateways and parsers put it.
 *
 * Total, and linear in what is looked at.
 */
import type { MailContent } from '../../parsed-message.ts'

/** Fields of one recipient: names in lower case, values unfolded. */
export type StatusGroup = ReadonlyMap<string, string>

export const RECIPIENTS_MAX = 200
const TEXT_MAX_CHARACTERS = 64 * 1024

export function deliveryReport({ reportParts, text }: MailContent): readonly StatusGroup[] {
  const typed = reportParts.filter(({ contentType }) => STATUS_TYPE.test(contentType)).flatMap(groupsIn)
  if (typed.length > 0) return typed.slice(0, RECIPIENTS_MAX)
  const inText = text === null ? [] : groupsIn({ text })
  if (inText.length > 0) return inText.slice(0, RECIPIENTS_MAX)
  const others = reportParts.filter(({ contentType }) => !ORIGINAL_TYPE.test(contentType))
  return others.flatMap(groupsIn).slice(0, RECIPIENTS_MAX)
}

const STATUS_TYPE = /^message\/(?:global-)?delivery-status\b/i
/** What is reported on; it may be a report itself. */
export const ORIGINAL_TYPE =
  /^(?:message\/(?:rfc822|global|partial|news)|message\/(?:rfc822|global)-headers|text\/rfc822(?:-headers)?)\b/i

const FIELD =
  /^(final-recipient|original-recipient|x-actual-recipient|action|status|diagnostic-code|remote-mta)\s*:(.*)$/i
const ANY_FIELD = /^[a-z][a-z0-9-]{0,60}\s*:/i

function groupsIn({ text }: { readonly text: string }): StatusGroup[] {
  const groups: Map<string, string>[] = []
  let group = new Map<string, string>()
  let last: string | null = null
  const end = () => {
    if (isRecipient(group)) groups.push(group)
    group = new Map()
    last = null
  }
  for (const line of text.slice(0, TEXT_MAX_CHARACTERS).split(/\r?\n|\r/)) {
    if (groups.length >= RECIPIENTS_MAX) break
    const [, name, value] = FIELD.exec(line) ?? []
    if (name !== undefined && value !== undefined) {
      const key = name.toLowerCase()
      if (group.has(key) && isRecipient(group)) end()
      group.set(key, value.trim())
      last = key
    } else if (last !== null && /^[ \t]+\S/.test(line)) {
      const sofar = group.get(last) ?? ''
      if (sofar.length < 2000) group.set(last, `${sofar} ${line.trim()}`)
    } else if (line.trim() === '') {
      end()
    } else if (ANY_FIELD.test(line)) {
      last = null
    }
  }
  end()
  return groups
}

const isRecipient = (group: StatusGroup): boolean =>
  (group.has('final-recipient') || group.has('original-recipient')) && (group.has('action') || group.has('status'))
