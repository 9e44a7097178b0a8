/** A sandbox server with one mailbox, and the settings that lead to it. */
import type { SandboxMailbox, SandboxMessage } from '../../src/sandbox/mailbox.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts'

const USER = 'anna'
const PASSWORD = 'correct horse battery'

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
  return {
    sandbox,
    mailbox: sandbox.mailbox(USER),
    env: (query = '') => ({
      MAILBOX_TEST_URL: `${sandbox.url(USER)}${query === '' ? '' : `?${query}`}`,
      MAILBOX_TEST_PASSWORD: PASSWORD,
    }),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}
