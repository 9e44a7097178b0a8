/** A sandbox server with one mailbox, and the settings that lead to it. */
import { startExchange } from '../../src/sandbox/exchange.ts'
import type { SandboxMailbox, SandboxMessage } from '../../src/sandbox/mailbox.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'

const USER = 'anna'
const PASSWORD = 'correct horse battery'
const ACCESS_TOKEN = 'EwBwA8l6BAAUs5-opaque-token'

export interface TestMailbox extends AsyncDisposable {
  readonly sandbox: Sandbox
  readonly mailbox: SandboxMailbox
  /** As the program takes it; `query` as `deleteAfter=1h`. */
  env(query?: string): Record<string, string>
}

export async function startMailbox(
  messages: readonly SandboxMessage[],
  options: Omit<SandboxOptions, 'mailboxes'> = {},
): Promise<TestMailbox> {
  const sandbox = await startSandbox({ ...options, mailboxes: [{ user: USER, password: PASSWORD, messages }] })
  return mailboxOf(sandbox, { MAILBOX_TEST_PASSWORD: PASSWORD })
}

/** The same with the manners of Exchange, which takes a token only. */
export async function startExchangeMailbox(
  messages: readonly SandboxMessage[],
  options: Omit<SandboxOptions, 'mailboxes'> = {},
): Promise<TestMailbox> {
  const mailboxes = [{ user: USER, password: PASSWORD, accessToken: ACCESS_TOKEN, messages }]
  return mailboxOf(await startExchange({ ...options, mailboxes }), { MAILBOX_TEST_ACCESS_TOKEN: ACCESS_TOKEN })
}

/** By name: suites over these need no more of a server than what the sandbox does in each dialect. */
export const SANDBOXES = [
  ['POP3', startMailbox],
  ['POP3 as Exchange has it', startExchangeMailbox],
] as const

function mailboxOf(sandbox: Sandbox, login: Record<string, string>): TestMailbox {
  return {
    sandbox,
    mailbox: sandbox.mailbox(USER),
    env: (query = '') => ({
      MAILBOX_TEST_URL: `${sandbox.url(USER)}${query === '' ? '' : `?${query}`}`,
      ...login,
    }),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}
