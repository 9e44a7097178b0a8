/**
 * Every error that Mailchute raises, in one catalogue: what it is, what to do about it, and with which
 * code of sysexits.h a command ends. `docs/errors.md` is tested against it.
 *
 * The remedy belongs to the error, never to whoever catches it:
 * - `retry`: passes by itself; try again later, with back-off.
 * - `quarantine`: this one message needs a person; the others go on.
 * - `alert`: an operator must act; trying again alone will not help.
 */
export type Remedy = 'retry' | 'quarantine' | 'alert'

interface Entry {
  readonly remedy: Remedy
  readonly exitCode: number
  readonly hint: string
}

const EX_USAGE = 64
const EX_DATAERR = 65
const EX_UNAVAILABLE = 69
const EX_IOERR = 74
const EX_TEMPFAIL = 75
const EX_NOPERM = 77
const EX_CONFIG = 78

const entry = (remedy: Remedy, exitCode: number, hint: string): Entry => ({ remedy, exitCode, hint })

export const ERROR_CATALOGUE = {
  'usage/invalid': entry('alert', EX_USAGE, 'see `mailchute --help`'),
  'usage/not-found': entry('alert', EX_USAGE, 'list what there is with `mailchute messages` or `mailchute tickets`'),
  'config/invalid': entry('alert', EX_CONFIG, 'mend the settings named above; `.env.example` lists every one'),
  'config/no-mailbox': entry('alert', EX_CONFIG, 'add one with `mailchute mailbox add`, or try `mailchute demo`'),
  'config/unknown-mailbox': entry('alert', EX_USAGE, '`mailchute mailbox list` names the mailboxes that are set'),
  'config/rules-invalid': entry(
    'alert',
    EX_CONFIG,
    'mend the lines named above, and see with `mailchute rules check`; docs/rules.md has the language',
  ),
  'config/not-written': entry(
    'alert',
    EX_CONFIG,
    'check who may write in the working folder, or put the settings where yours come from by hand',
  ),
  'config/secret-key-missing': entry(
    'alert',
    EX_CONFIG,
    'set MAILCHUTE_SECRET_KEY (make one with `openssl rand -base64 32`): what is kept of credentials is encrypted with it',
  ),
  'config/secret-key-wrong': entry(
    'alert',
    EX_CONFIG,
    'what is kept was encrypted with another key: set that one as MAILCHUTE_SECRET_KEY_OLD and run `mailchute rotate-key`, ' +
      'or log in again: `mailchute mailbox login NAME`',
  ),
  'config/console-token': entry(
    'alert',
    EX_CONFIG,
    'set CONSOLE_TOKEN, or remove the file: a new token is made and printed at the next start',
  ),
  'config/queue-eviction': entry(
    'alert',
    EX_CONFIG,
    'set `maxmemory-policy noeviction` in Redis: with any other policy it drops jobs when memory is short',
  ),

  'source/unreachable': entry(
    'retry',
    EX_UNAVAILABLE,
    'check host and port of the mailbox URL, and that the network lets it through',
  ),
  'source/connect-timeout': entry(
    'retry',
    EX_UNAVAILABLE,
    'check host and port of the mailbox URL, and that no firewall swallows the connection',
  ),
  'source/reply-timeout': entry(
    'retry',
    EX_UNAVAILABLE,
    'the server stopped answering; nothing was deleted, the next poll tries again',
  ),
  'source/connection-lost': entry(
    'retry',
    EX_UNAVAILABLE,
    'the connection ended too early; nothing was deleted, the next poll tries again',
  ),
  'source/server-busy': entry('retry', EX_TEMPFAIL, 'the server asks to come back later; the next poll does'),
  'source/mailbox-locked': entry(
    'retry',
    EX_TEMPFAIL,
    'another program has this mailbox open; close it, or wait for it',
  ),
  'source/login-delay': entry(
    'retry',
    EX_TEMPFAIL,
    'the server wants longer pauses between logins: raise the schedule of this mailbox',
  ),
  'source/credentials-refused': entry(
    'alert',
    EX_NOPERM,
    'check user and password (or token), and that POP3 or IMAP is switched on for this mailbox',
  ),
  'source/token-refused': entry(
    'retry',
    EX_NOPERM,
    'the authority gave a token, the mail server refuses it, and many servers say no more. Check in this order: ' +
      'POP, IMAP or SMTP AUTH is switched off for this mailbox; the user is not the address of the mailbox, or has no ' +
      'right to a shared one; the scope was not consented to; the service principal was made with the wrong object id; ' +
      'the server is only busy or the clock wrong. See docs/outlook.md. It is tried again with back-off',
  ),
  'source/mailbox-unavailable': entry(
    'retry',
    EX_TEMPFAIL,
    'the login is good, but the server cannot reach the mailbox: IMAP is switched off for it, or the user has no right ' +
      'to a shared one, or it is a passing fault of the service. graph:// is another way to the same mailbox',
  ),
  'source/server-refused': entry(
    'alert',
    EX_UNAVAILABLE,
    'the server refuses for good; its answer says why, its operator can tell more',
  ),
  'source/auth-unsupported': entry(
    'alert',
    EX_CONFIG,
    'the server offers no way to log in that fits this mailbox; check `auth` in its URL',
  ),
  'source/tls-unavailable': entry(
    'alert',
    EX_UNAVAILABLE,
    'the server does not offer STLS (STARTTLS); use pop3s:// or imaps://. Mailchute never goes on in clear text',
  ),
  'source/tls-untrusted': entry(
    'alert',
    EX_UNAVAILABLE,
    'the certificate cannot be verified; if the server has its own authority, name its file: ?ca=/path/ca.pem',
  ),
  'source/protocol-violation': entry(
    'retry',
    EX_UNAVAILABLE,
    'the server did not speak its protocol as the RFC has it; check that the port is the right one. Nothing was deleted',
  ),
  'source/uidl-unsupported': entry(
    'alert',
    EX_UNAVAILABLE,
    'the server has no unique-ids (UIDL, UIDVALIDITY); without them mail cannot be deleted safely, so it is not polled',
  ),
  'source/folder-missing': entry(
    'alert',
    EX_CONFIG,
    'name one of these folders in the mailbox URL, with %20 for a space: imaps://user@host/Folder',
  ),
  'source/removal-unsupported': entry(
    'alert',
    EX_CONFIG,
    'nothing is polled that could not be removed safely: take deleteAfter=never, or moveTo=Folder where the server has MOVE',
  ),
  'source/message-refused': entry(
    'retry',
    EX_UNAVAILABLE,
    'the server would not hand over this message; it stays there, the others go on',
  ),
  'source/message-substituted': entry(
    'retry',
    EX_UNAVAILABLE,
    'the server could not convert the message and sent a notice in its place; the message stays there. Read it in the ' +
      'web mail, or poll the mailbox over graph://',
  ),
  'source/message-too-large': entry(
    'quarantine',
    EX_DATAERR,
    'the message stays on the server; raise maxMessageBytes of this mailbox to take it',
  ),
  'source/message-empty': entry(
    'retry',
    EX_UNAVAILABLE,
    'the server answered with no octets at all; the message stays there',
  ),

  'oauth/login-required': entry(
    'alert',
    EX_NOPERM,
    'somebody has to log in: `mailchute mailbox login NAME`. The mailbox is polled again by itself after that',
  ),
  'oauth/client-refused': entry(
    'alert',
    EX_CONFIG,
    'check OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET (its value, not its id; secrets end after months): make a new secret ' +
      'in the app registration and set it',
  ),
  'oauth/tenant-unknown': entry(
    'alert',
    EX_CONFIG,
    'check OAUTH_TENANT: the id or a domain of the organisation, or `consumers` for an Outlook.com account',
  ),
  'oauth/consent-required': entry(
    'alert',
    EX_NOPERM,
    'the rights were not granted, or a policy of the organisation stands against it: let an administrator consent, ' +
      'then `mailchute mailbox login NAME`',
  ),
  'oauth/flow-blocked': entry(
    'alert',
    EX_NOPERM,
    'the organisation blocks this way to log in (device codes often are): use `mailchute mailbox login NAME` without --device',
  ),
  'oauth/scope-refused': entry('alert', EX_CONFIG, 'check OAUTH_SCOPE and the API permissions of the app registration'),
  'oauth/login-unfinished': entry(
    'alert',
    EX_TEMPFAIL,
    'nobody finished the login in time, or it was declined: try again',
  ),
  'oauth/clock-wrong': entry(
    'alert',
    EX_CONFIG,
    'the clock of this machine is wrong: set it by NTP. Tokens and certificates are refused where clocks differ',
  ),
  'oauth/unavailable': entry(
    'retry',
    EX_TEMPFAIL,
    'the authority is not reached, or is not well: check the network and its name service, else wait; it is tried again with back-off',
  ),
  'oauth/refused': entry('alert', EX_NOPERM, 'the authority refuses; its code above (AADSTS... at Microsoft) says why'),

  'oidc/unavailable': entry(
    'retry',
    EX_TEMPFAIL,
    'the issuer is not reached, or is not well: check CONSOLE_OIDC_ISSUER, the network and its name service (an authority ' +
      'of your own is named by NODE_EXTRA_CA_CERTS), else wait. The token of the console opens it meanwhile',
  ),
  'oidc/issuer-wrong': entry(
    'alert',
    EX_CONFIG,
    'set CONSOLE_OIDC_ISSUER to the `issuer` that stands in its /.well-known/openid-configuration, letter by letter',
  ),
  'oidc/client-refused': entry(
    'alert',
    EX_CONFIG,
    'check CONSOLE_OIDC_CLIENT_ID, CONSOLE_OIDC_CLIENT_SECRET (its value, not its id; secrets end after months) and ' +
      'CONSOLE_OIDC_SCOPE, and that the client is registered with the redirect URI CONSOLE_URL/login/oidc/callback',
  ),
  'oidc/token-invalid': entry(
    'alert',
    EX_NOPERM,
    'what the issuer answered is not valid for this login, so it was not believed: try again, and check the clocks ' +
      'of both machines; docs/console.md says what is checked',
  ),
  'oidc/login-unfinished': entry(
    'alert',
    EX_TEMPFAIL,
    'begin again: the login was declined, took longer than ten minutes, or was begun in another browser or under another ' +
      'address than CONSOLE_URL',
  ),
  'oidc/no-role': entry(
    'alert',
    EX_NOPERM,
    'whoever runs Mailchute lets you in by CONSOLE_OIDC_OPERATORS or CONSOLE_OIDC_AUDITORS; docs/console.md says how',
  ),

  'outbound/unreachable': entry(
    'retry',
    EX_UNAVAILABLE,
    'check host and port of the SMTP URL, and that the network lets it through (many block port 25); it is tried again',
  ),
  'outbound/reply-timeout': entry('retry', EX_UNAVAILABLE, 'the server stopped answering; it is tried again'),
  'outbound/connection-lost': entry('retry', EX_UNAVAILABLE, 'the connection ended too early; it is tried again'),
  'outbound/protocol-violation': entry(
    'retry',
    EX_UNAVAILABLE,
    'the server did not speak SMTP as RFC 5321 has it: check host and port, and that it is smtps:// for implicit TLS',
  ),
  'outbound/tls-unavailable': entry(
    'alert',
    EX_UNAVAILABLE,
    'the server does not offer STARTTLS; use smtps:// (port 465). Mailchute never goes on in clear text',
  ),
  'outbound/tls-untrusted': entry(
    'alert',
    EX_UNAVAILABLE,
    'the certificate cannot be verified; if the server has its own authority, name its file in the URL of the mailbox: ?ca=/path/ca.pem',
  ),
  'outbound/auth-unsupported': entry(
    'alert',
    EX_CONFIG,
    'the server offers no way to log in that fits: check host and port of the SMTP URL; the port for submission is 587 or 465',
  ),
  'outbound/credentials-refused': entry(
    'alert',
    EX_NOPERM,
    'check user and password of the SMTP URL, and that sending by SMTP is switched on for this account',
  ),
  'outbound/token-refused': entry(
    'retry',
    EX_NOPERM,
    'the authority gave a token, the SMTP server refuses it: SMTP AUTH is switched off for the mailbox or the ' +
      'organisation, the scope SMTP.Send was not consented to, or the user of the SMTP URL is another one. See docs/outlook.md',
  ),
  'outbound/sender-refused': entry(
    'alert',
    EX_NOPERM,
    'the account may not send under this address: set ACKNOWLEDGE_FROM to its own one, or give it the right (SendAs)',
  ),
  'outbound/refused-for-now': entry('retry', EX_TEMPFAIL, 'the server asks to come back later; it is tried again'),
  'outbound/refused': entry(
    'quarantine',
    EX_DATAERR,
    'the server refuses this mail for good, most often because there is no such recipient; the others go on',
  ),
  'outbound/alert-refused': entry(
    'retry',
    EX_UNAVAILABLE,
    'check MAILCHUTE_ALERT_WEBHOOK_URL, and that the network lets it through; it is tried again',
  ),

  'webhook/unreachable': entry(
    'retry',
    EX_UNAVAILABLE,
    'check the URL of the webhook, its name service, and that the network lets it through; it is tried again',
  ),
  'webhook/timeout': entry(
    'retry',
    EX_UNAVAILABLE,
    'the receiver must answer within 15 seconds: let it keep what came and work later; it is tried again',
  ),
  'webhook/tls-untrusted': entry(
    'retry',
    EX_UNAVAILABLE,
    'the certificate of the receiver cannot be verified; an authority of your own is named by NODE_EXTRA_CA_CERTS',
  ),
  'webhook/address-refused': entry(
    'alert',
    EX_CONFIG,
    'the host of the webhook has an address that is not public: set ALLOW_PRIVATE to on for this webhook if it is meant',
  ),
  'webhook/refused': entry(
    'retry',
    EX_UNAVAILABLE,
    'the receiver did not answer with 2xx: its own log says why (redirects are not followed); it is tried again',
  ),
  'webhook/gone': entry(
    'alert',
    EX_UNAVAILABLE,
    'the receiver answered 410: nothing is sent there any more. Remove the webhook, set another URL, or send one again',
  ),

  'message/unreadable': entry('alert', EX_DATAERR, 'check the path and the rights of the file'),
  'message/unparseable': entry(
    'quarantine',
    EX_DATAERR,
    'look at `mailchute messages raw ID`, then `mailchute messages reprocess ID`',
  ),
  'message/parse-timeout': entry(
    'quarantine',
    EX_DATAERR,
    'parsing took too long and was ended; the raw message is kept, see `mailchute messages raw ID`',
  ),
  'message/parse-memory': entry(
    'quarantine',
    EX_DATAERR,
    'parsing took too much memory and was ended; the raw message is kept, see `mailchute messages raw ID`',
  ),

  'duplicate/doubtful': entry(
    'quarantine',
    EX_DATAERR,
    'the mailbox was polled elsewhere before, and this may be a mail that came from there: compare it with the message ' +
      'that `mailchute messages show ID` names; if it is another one, `mailchute messages release ID`',
  ),

  'store/unavailable': entry(
    'retry',
    EX_TEMPFAIL,
    'check that PostgreSQL runs and DATABASE_URL points to it; mail waits on the server meanwhile',
  ),
  'store/disk-full': entry(
    'retry',
    EX_TEMPFAIL,
    'make room on the disk of the database; mail waits on the server meanwhile',
  ),
  'store/embedded-failed': entry(
    'alert',
    EX_UNAVAILABLE,
    'see postgres.log in the data folder, or set DATABASE_URL to a PostgreSQL of your own',
  ),
  'store/migration-failed': entry(
    'alert',
    EX_UNAVAILABLE,
    'the database could not be brought up to date; the cause above says why. Nothing was fetched',
  ),
  'store/not-migrated': entry('alert', EX_CONFIG, 'run `mailchute migrate`, or let MAILCHUTE_MIGRATE be `on`'),
  'store/raw-damaged': entry(
    'quarantine',
    EX_DATAERR,
    'stored octets no longer match their digest: check the disk, restore from a backup',
  ),
  'store/purged': entry(
    'quarantine',
    EX_DATAERR,
    'nothing brings it back: what was stored was removed when its time was over, or erased (docs/retention.md); digest and events are kept',
  ),
  'store/write-refused': entry(
    'quarantine',
    EX_DATAERR,
    'the database refused the values of this message; the cause says which',
  ),
  'store/search-too-wide': entry('alert', EX_USAGE, 'narrow the search: by days, a mailbox or a whole address'),

  'audit/broken': entry(
    'alert',
    EX_DATAERR,
    'somebody changed the audit log, or the disk did: keep everything as it is, compare with a backup and with heads noted elsewhere; see docs/audit.md',
  ),
  'audit/key-missing': entry(
    'alert',
    EX_CONFIG,
    'set the MAILCHUTE_SECRET_KEY of the other processes here, too: the chain of seals is not gone on with without it',
  ),
  'audit/unbalanced': entry(
    'alert',
    EX_DATAERR,
    'something is not accounted for: the ids above say what; docs/audit.md says what each line means',
  ),
  'queue/unavailable': entry(
    'retry',
    EX_TEMPFAIL,
    'check that Redis runs and REDIS_URL points to it; stored mail waits, nothing is lost',
  ),
  'job/attempts-exhausted': entry(
    'quarantine',
    EX_DATAERR,
    'the last error is in the events: `mailchute messages show ID`',
  ),
  'job/original-waits': entry(
    'retry',
    EX_TEMPFAIL,
    'nothing to do: the report is worked again after the mail that it is about',
  ),
  'runtime/shutting-down': entry(
    'retry',
    EX_TEMPFAIL,
    'nothing is lost: what was under way is taken up again at the next start',
  ),
  'console/login-required': entry('alert', EX_NOPERM, 'log in, or send Authorization: Bearer with CONSOLE_TOKEN'),
  'console/not-allowed': entry(
    'alert',
    EX_NOPERM,
    'this needs the role of an operator: log in with CONSOLE_TOKEN, or as one of CONSOLE_OIDC_OPERATORS',
  ),
  'console/form-refused': entry('alert', EX_NOPERM, 'load the page again and send the form from there'),
  'console/host-unknown': entry(
    'alert',
    EX_NOPERM,
    'ask by an IP address, by localhost, by a name without a dot, or by that of CONSOLE_URL',
  ),
  'console/not-found': entry('alert', EX_USAGE, 'it may have been erased, or the address was cut off'),
  'console/request-invalid': entry('alert', EX_USAGE, 'mend what the message names'),
  'console/too-many': entry('alert', EX_TEMPFAIL, 'wait a minute, then try again'),
  'console/not-possible': entry('alert', EX_USAGE, 'look at its state: somebody else may have been faster'),

  'runtime/port-taken': entry(
    'alert',
    EX_UNAVAILABLE,
    'another program listens there, perhaps another Mailchute: set HTTP_PORT to another port (0: any free one)',
  ),
  'runtime/node-too-old': entry(
    'alert',
    EX_UNAVAILABLE,
    'use `npx mailchute`, which brings its own Node, or install Node 22.19 or newer',
  ),
  'runtime/output-lost': entry(
    'alert',
    EX_IOERR,
    'make room where the output goes, or send it elsewhere, and ask again; what the command does was done',
  ),
  'internal/bug': entry('alert', 70, 'this is a fault in Mailchute: please report it with the line above'),
} as const satisfies Record<string, Entry>

export type ErrorCode = keyof typeof ERROR_CATALOGUE

/** Ids, counts and verbs that help to find the place. Never secrets, never mail content (I9). */
export type ErrorContext = Readonly<Record<string, string | number | boolean>>

export class MailchuteError extends Error {
  override readonly name = 'MailchuteError'
  readonly code: ErrorCode
  readonly context: ErrorContext
  readonly hint: string
  readonly remedy: Remedy
  readonly exitCode: number

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; context?: ErrorContext; hint?: string } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const { remedy, exitCode, hint } = ERROR_CATALOGUE[code]
    this.code = code
    this.context = options.context ?? {}
    this.hint = options.hint ?? hint
    this.remedy = remedy
    this.exitCode = exitCode
  }
}

/** Any thrown value as one of ours; what nobody foresaw is a bug and says so. */
export function asMailchuteError(thrown: unknown): MailchuteError {
  if (thrown instanceof MailchuteError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new MailchuteError('internal/bug', message, { cause: thrown })
}
