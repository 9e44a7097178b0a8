/**
 * Logging in: XOAUTH2 with a token; USER and PASS, or SASL PLAIN (RFC 4616, RFC 5034), with a password.
 * SASL goes in two lines always: Exchange refuses an initial response on the AUTH line, and a token does not fit
 * into the 255 octets that RFC 2449 section 4 allows it.
 */
import type { ErrorCode } from '../../errors.ts'
import type { Capabilities } from './capabilities.ts'
import type { Pipeline } from './pipeline.ts'
import { meaningOf } from './response-code.ts'
import type { Setting } from './setting.ts'
import type { StatusLine } from './status-line.ts'

export async function logIn(pipeline: Pipeline, capabilities: Capabilities, setting: Setting): Promise<void> {
  const { user, credentials } = setting.mailbox
  const secret = credentials.kind === 'password' ? credentials.password : credentials.token
  if (CONTROLS.test(user + secret)) {
    throw setting.failures.failure('config/invalid', 'user, password or token holds a control character')
  }
  const sasl = capabilities?.get('SASL') ?? []
  if (credentials.kind === 'access-token') {
    if (capabilities !== null && !sasl.includes('XOAUTH2')) throw unsupported('XOAUTH2', setting)
    return authenticate(pipeline, 'XOAUTH2', `user=${user}\x01auth=Bearer ${secret}\x01\x01`, setting)
  }
  if (capabilities === null || capabilities.has('USER')) {
    return userPass(pipeline, secret, capabilities?.has('PIPELINING') ?? false, setting)
  }
  if (!sasl.includes('PLAIN')) throw unsupported('USER and SASL PLAIN', setting)
  return authenticate(pipeline, 'PLAIN', `\0${user}\0${secret}`, setting)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they separate lines, and the fields of PLAIN and XOAUTH2
const CONTROLS = /[\x00-\x1f\x7f]/

async function userPass(pipeline: Pipeline, password: string, inOneGo: boolean, setting: Setting): Promise<void> {
  const replyMs = setting.limits.loginReplyMs
  const sendPassword = () => pipeline.send({ verb: 'PASS', line: `PASS ${password}`, replyMs })
  const user = pipeline.send({ verb: 'USER', line: `USER ${setting.mailbox.user}`, replyMs })
  const early = inOneGo ? sendPassword() : null
  // The refusal of USER is the answer that counts, whatever becomes of PASS.
  early?.catch(() => {})
  accept(await user, 'USER', 'source/credentials-refused', setting)
  accept(await (early ?? sendPassword()), 'PASS', 'source/credentials-refused', setting)
}

async function authenticate(pipeline: Pipeline, mechanism: string, response: string, setting: Setting): Promise<void> {
  const send = (line: string) =>
    pipeline.send({ verb: 'AUTH', line, mayContinue: true, replyMs: setting.limits.loginReplyMs })
  const invitation = await send(`AUTH ${mechanism}`)
  if (invitation.kind === 'err') accept(invitation, 'AUTH', 'source/credentials-refused', setting)
  if (invitation.kind !== 'continue') throw setting.failures.failure('source/protocol-violation', 'no invitation', VERB)
  const reply = await send(Buffer.from(response).toString('base64'))
  // XOAUTH2 says why in a challenge; an empty line asks for the -ERR behind it.
  const outcome = reply.kind === 'continue' ? await send('') : reply
  if (reply.kind === 'continue' && outcome.kind !== 'err') {
    throw setting.failures.failure('source/protocol-violation', 'accepted after it had refused', VERB)
  }
  accept(outcome, 'AUTH', 'source/credentials-refused', setting)
}

const VERB = { verb: 'AUTH' }

function accept(reply: StatusLine, verb: string, refusal: ErrorCode, { failures }: Setting): void {
  if (reply.kind === 'ok') return
  const code = meaningOf(reply, refusal)
  throw failures.failure(code, `the server refused: ${failures.quote(reply.text)}`, { verb })
}

function unsupported(wanted: string, { failures }: Setting) {
  return failures.failure('source/auth-unsupported', `the server does not offer ${wanted}`, VERB)
}
