/** What Amazon SES tells of a mail as JSON, over SNS: of bounces, deliveries and complaints. */

export interface SesNotification {
  readonly type: 'bounce' | 'complaint'
  readonly messageId: string | null
  readonly isTransient: boolean
  readonly recipients: readonly {
    readonly address: string
    readonly status: string | null
    readonly diagnostic: string
  }[]
}

const TEXT_MAX_CHARACTERS = 64 * 1024
const RECIPIENTS_MAX = 200

/** null: it is none. SNS may have wrapped it into a string of another object. */
export function sesNotification(text: string): SesNotification | null {
  const start = text.slice(0, 2000).search(/\S/)
  if (start < 0 || text[start] !== '{') return null
  const json = text.slice(start, TEXT_MAX_CHARACTERS).replaceAll('\\"', '"')
  const type = /"(?:notification|event)Type"\s*:\s*"(bounce|complaint)"/i.exec(json)?.[1]?.toLowerCase()
  if (type !== 'bounce' && type !== 'complaint') return null
  return {
    type,
    messageId: /"name"\s*:\s*"message-id"\s*,\s*"value"\s*:\s*"(<[^"<>\s]{1,900}>)"/i.exec(json)?.[1] ?? null,
    isTransient: /"bounceType"\s*:\s*"Transient"/.test(json),
    recipients: recipientsIn(json),
  }
}

function recipientsIn(json: string): SesNotification['recipients'] {
  const list = /"(?:bounced|complained)Recipients"\s*:\s*\[([^\]]{0,60000})\]/.exec(json)?.[1] ?? ''
  return list
    .split('}')
    .slice(0, RECIPIENTS_MAX)
    .flatMap((each) => {
      const address = stringOf(each, 'emailAddress')
      return address === null
        ? []
        : [{ address, status: stringOf(each, 'status'), diagnostic: stringOf(each, 'diagnosticCode') ?? '' }]
    })
}

const stringOf = (json: string, name: string): string | null =>
  new RegExp(`"${name}"\\s*:\\s*"([^"]{1,2000})"`).exec(json)?.[1] ?? null
