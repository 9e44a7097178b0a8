/**
 * RFC 3463 status codes, out of what servers say. A code that is written out counts most; then words, which tell what it
 * is about, with the class of the SMTP reply; then the SMTP reply alone.
 */

/** null: nothing tells. `given` is what a Status field says. */
export function statusOf(given: string | null, diagnostic: string, hint: StatusClass | null = null): string | null {
  const field = enhancedIn(given ?? '')
  const text = diagnostic.slice(0, DIAGNOSTIC_MAX_CHARACTERS)
  const enhanced = enhancedIn(text)
  // The remote server knows more than who gave up on it, as long as they agree on the class.
  if (enhanced !== null && !isGeneric(enhanced) && (field === null || field[0] === enhanced[0])) return enhanced
  if (field !== null && !isGeneric(field)) return field
  const reply = REPLY.exec(text)?.[1]
  const words = WORDS.find(({ like }) => like.test(text))
  const cls = classOf(field) ?? classOf(enhanced) ?? classOf(reply) ?? hint
  if (words !== undefined) return `${cls ?? words.cls}.${words.code}`
  if (field !== null || enhanced !== null) return field ?? enhanced
  if (reply !== undefined) return BY_REPLY.get(reply) ?? `${reply[0]}.0.0`
  return cls === null ? null : `${cls}.0.0`
}

/** A code is written out, of RFC 3463 or of RFC 5321. */
export const hasCode = (text: string): boolean => ENHANCED.test(text) || REPLY.test(text)

export type StatusClass = '2' | '4' | '5'

const DIAGNOSTIC_MAX_CHARACTERS = 4000

/** Not a part of an IP address or a version. */
const ENHANCED = /(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)/
const SUCCESS = /^\W*(2)\.(\d{1,3})\.(\d{1,3})(?![\d.])/

function enhancedIn(text: string): string | null {
  const found = ENHANCED.exec(text) ?? SUCCESS.exec(text)
  return found === null ? null : `${found[1]}.${Number(found[2])}.${Number(found[3])}`
}

const isGeneric = (status: string): boolean => /^\d\.0\.0$/.test(status)

const classOf = (code: string | null | undefined): StatusClass | null => {
  const first = code?.[0]
  return first === '2' || first === '4' || first === '5' ? first : null
}

/** RFC 5321 section 4.2: a reply code begins what a server said. */
const REPLY = /(?<![\w./@=-]|\d:)([45][0-5]\d)(?=[\s#:;-]|$)(?![- ]\d{3}-)/

const BY_REPLY: ReadonlyMap<string, string> = new Map([
  ['421', '4.3.2'],
  ['450', '4.2.0'],
  ['451', '4.3.0'],
  ['452', '4.2.2'],
  ['551', '5.1.6'],
  ['552', '5.2.2'],
  ['553', '5.1.3'],
])

interface Words {
  /** Of RFC 3463, without its class. */
  readonly code: string
  /** Where nothing else tells it. */
  readonly cls: StatusClass
  readonly like: RegExp
}

const any = (...phrases: readonly string[]): RegExp => new RegExp(phrases.join('|'), 'iu')

/** The first row counts: what is most telling comes first. */
const WORDS: readonly Words[] = [
  {
    code: '2.2',
    cls: '5',
    like: any(
      '(?:mail ?box|quota|inbox|account|user|storage|disk)[^.\\n]{0,40}(?:\\bfull\\b|exceed|over ?quota|overdrawn|too large)',
      'over ?quota|quota (?:was |is |has been )?(?:exceeded|violation)|exceed(?:s|ed)?[^.\\n]{0,30}(?:quota|storage|disk space|mailbox size)',
      'not enough (?:disk |storage )?space|insufficient (?:disk |system )?(?:space|storage|quota)|out of (?:disk )?space|disc quota',
      'postfach (?:ist )?voll|boîte .{0,30}pleine|buzón .{0,20}lleno|casella .{0,20}piena|переполнен|too much (?:mail )?data',
    ),
  },
  {
    code: '3.4',
    cls: '5',
    like: any(
      'message (?:size |is |was )?(?:too (?:big|large|long)|exceeds|larger than)|(?:size|length) (?:exceeds|limit)|exceeds? (?:the )?(?:maximum|max|fixed|size|message)',
      'message[^.\\n]{0,20}size[^.\\n]{0,30}exceed|body too (?:big|large)|nachricht (?:ist )?zu groß|exceed(?:s|ed)[^.\\n]{0,30}(?:size|limit)',
    ),
  },
  {
    code: '1.1',
    cls: '5',
    like: any(
      '(?:user|recipient|mailbox|account|address|addressee|alias|person|empfänger|localpart|local-part|username)[^.\\n]{0,50}(?:unknown|not found|not exist|no longer|unavailable|invalid|not (?:be )?(?:listed|known|valid|recogni[sz]ed)|not a valid|unbekannt|does ?n.t|cannot be found|could ?n.t be found)',
      '(?:unknown|no such|invalid|bad|nonexistent|non-existent|unrouteable|not a valid|no valid|illegal) (?:local |virtual |mail|email |e-mail |destination )?(?:user|recipient|mailbox|mail ?box|account|address|addressee|alias|person|username|name|part)',
      '(?:no|not) (?:mail ?box|account|user|person)[^.\\n]{0,30}(?:here|by that name|with that name|of that name|matching)|(?:does|do) not (?:have|like) (?:an? )?(?:account|recipient)|address(?:ee)? (?:lookup|rejected)',
      'not listed in|couldn.t find (?:any )?(?:user|mailbox)|doesn.t have (?:an? )?[\\w.]* ?account|unbekannter (?:empfänger|benutzer)|not our (?:customer|user)|no mailbox|who is this|ne? (?:existe|trouvé)|no existe|non esiste|не найден|не существует|unknown-user|宛先|ユーザ',
    ),
  },
  {
    code: '2.1',
    cls: '5',
    like: any(
      '(?:user|mailbox|account|address|recipient)[^.\\n]{0,40}(?:disabled|inactive|suspended|discontinued|blocked|closed|deactivated|not active|locked|expired)',
      '(?:disabled|inactive|suspended|deactivated) (?:user|mailbox|account|recipient)|not accepting (?:mail|messages)',
    ),
  },
  {
    code: '1.2',
    cls: '5',
    like: any(
      '(?:host|domain|server)[^.\\n]{0,40}(?:unknown|not found|not exist|does ?n.t exist|no longer exist|non-?existent|invalid)|(?:unknown|no such|invalid|bad|unrouteable) (?:mail )?(?:host|domain)',
      'name service error|couldn.t find any host|name or service not known|nxdomain|no route to (?:domain|host) name|all relevant mx records|unrouteable mail|could not find a gateway|cannot (?:find|resolve)|dns (?:error|failure|lookup)|no mx|illegal host',
    ),
  },
  {
    code: '4.1',
    cls: '4',
    like: any('connection (?:refused|reset|closed|timed out|failed)|(?:could not|unable to|cannot|failed to) connect'),
  },
  {
    code: '7.1',
    cls: '5',
    like: any(
      'spam|junk mail|unsolicited|virus|malware|blacklist|black list|blocklist|block list|\\brbl\\b|dnsbl|reputation|spf |dkim|dmarc|policy|forbidden|prohibited|content (?:reject|filter)',
      '(?:access|permission|relay(?:ing)?|client host|sender|message|mail) (?:is |was |has been |address )?(?:denied|rejected|refused|blocked|not permitted|not allowed)|relay access|unable to relay|not authori[sz]ed|authenticat|administrative|not accept|banned|bulk e-?mail|rejected (?:by|due|for|because)',
    ),
  },
  {
    code: '4.7',
    cls: '4',
    like: any(
      'failing for a long time|last tried|expired|time-?out|timed out|retry time|too long in|been in the queue|too old|delivery time|queue too long|aborted after|gave up|given up|undeliverable for|not be delivered (?:for|within|in) (?:the last )?[\\d.]+|delivery attempts',
    ),
  },
  {
    code: '4.1',
    cls: '4',
    like: any(
      'connection was |connect(?:ion)? to|no route to host|network (?:is )?(?:unreachable|error|problem)|not reachable|not responding|no answer|host (?:is )?(?:down|unreachable)|establish an smtp connection',
    ),
  },
  { code: '4.6', cls: '5', like: any('loop|too many hops|hop count') },
  {
    code: '3.0',
    cls: '5',
    like: any('mailer error|system (?:error|problem)|service unavailable|local (?:delivery )?(?:error|problem)'),
  },
]
