/** Login: USER and PASS (RFC 1939 section 7), SASL PLAIN and XOAUTH2 (RFC 5034). */
import { openListing } from './listing.ts'
import type { Maildrop } from './mailbox.ts'
import { decide } from './manners.ts'
import { err, line, ok, type Reply } from './reply.ts'
import type { Session } from './session.ts'

export function user(session: Session, argument: string): Reply {
  const { words, isTalkative } = session.host.dialect
  if (session.listing) return err(words.wrongState)
  if (argument === '') return err(words.unknownCommand)
  session.user = argument
  return ok(isTalkative ? 'password, please' : '')
}

/** The whole rest of the line is the password, spaces and all. */
export function pass(session: Session, argument: string): Reply {
  const { words } = session.host.dialect
  if (session.listing || session.user === null) return err(words.wrongState)
  return enterByPassword(session, session.user, argument)
}

export async function auth(session: Session, argument: string): Promise<Reply> {
  const { words } = session.host.dialect
  if (session.listing) return err(words.wrongState)
  const [mechanism = '', initialResponse] = argument.split(' ')
  if (mechanism.toUpperCase() === 'PLAIN') return plain(session, initialResponse ?? (await challenge(session)))
  if (mechanism.toUpperCase() !== 'XOAUTH2') return err(words.unknownCommand)
  if (initialResponse === undefined) return xoauth2(session, await challenge(session))
  // As Microsoft's servers do: the token goes on a line of its own.
  session.after = 'end'
  return err(words.protocolError)
}

async function challenge({ connection, host }: Session): Promise<string> {
  await connection.write(line(host.dialect.invitation))
  return (await connection.nextLine()) ?? '*'
}

/** RFC 4616: authorization identity, NUL, user, NUL, password. */
function plain(session: Session, response: string): Reply {
  if (response === '*') return err('cancelled')
  const [, name = '', password = ''] = Buffer.from(response, 'base64').toString('utf8').split('\0')
  return enterByPassword(session, name, password)
}

function enterByPassword(session: Session, name: string, password: string): Reply {
  const { maildrops, dialect } = session.host
  const maildrop = dialect.takesPasswords ? maildrops.get(name) : undefined
  return maildrop?.admitsPassword(password) ? enter(session, maildrop) : refuse(session)
}

/** `user=` name 0x01 `auth=Bearer ` token 0x01 0x01. */
function xoauth2(session: Session, response: string): Reply {
  if (response === '*') return err('cancelled')
  const fields = Buffer.from(response, 'base64').toString('utf8').split('\x01')
  const name = fields[0]?.replace(/^user=/, '') ?? ''
  const token = fields[1]?.replace(/^auth=Bearer /, '') ?? ''
  session.user = name
  const maildrop = session.host.maildrops.get(name)
  return maildrop?.admitsToken(token) ? enter(session, maildrop) : refuse(session)
}

/** Into TRANSACTION, with the exclusive lock if the sandbox keeps one (RFC 1939 section 4). */
function enter(session: Session, maildrop: Maildrop): Reply {
  const { host, number } = session
  const refusal = decide(host.manners(), (manner) => manner.refusal?.(maildrop.user, number))
  if (refusal !== undefined) return err(refusal)
  if (host.exclusive && !maildrop.lock(number)) return err('[IN-USE] another session has this mailbox open')
  session.user = maildrop.user
  session.listing = openListing(maildrop, number, host.manners())
  return ok(host.dialect.words.loggedIn)
}

function refuse(session: Session): Reply {
  session.user = null
  return err(session.host.dialect.words.loginRefused)
}
