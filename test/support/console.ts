/** The really running program with its console, over a mailbox of given mails, all of them worked. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { SandboxMailbox } from '../../src/sandbox/mailbox.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createDatabase } from './postgres.ts'
import { buildProgram, logLines, type Running, start } from './program.ts'
import { startMailbox } from './sandbox.ts'
import { startSmtp } from './smtp-server.ts'

export const OPERATOR_TOKEN = 'operator-0123456789abcdef0123456789abcdef'
export const AUDITOR_TOKEN = 'auditor-0123456789abcdef0123456789abcdef'

export interface ServedConsole extends AsyncDisposable {
  readonly at: string
  readonly mailbox: SandboxMailbox
  readonly store: Store
  readonly databaseUrl: string
  readonly running: Running
  /** So many messages were worked, since the start. */
  worked(count: number): Promise<void>
}

/** Mails whose subject begins with `Hold` are for a person, those with `Drop` are no tickets. */
const RULES = `rules:
  - name: for-a-person
    when: { subject: { starts-with: Hold } }
    then: { hold: true }
  - name: no-ticket
    when: { subject: { starts-with: Drop } }
    then: { suppress: true }
`

const LONGEST_MILLISECONDS = 900_000

/** `more` are settings beside the usual ones. */
export async function serveConsole(
  mails: readonly Buffer[],
  more: Readonly<Record<string, string>> = {},
): Promise<ServedConsole> {
  await buildProgram()
  const [box, smtp, databaseUrl] = await Promise.all([startMailbox(messagesOf(mails)), startSmtp(), createDatabase()])
  const rules = path.join(await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? tmpdir(), 'rules-')), 'rules.yaml')
  await writeFile(rules, RULES)
  const settings = {
    ...box.env(),
    ...{ DATABASE_URL: databaseUrl, HTTP_PORT: '0', MAILCHUTE_RULES: rules, MAILCHUTE_DNS: 'off' },
    ...{ CONSOLE_TOKEN: OPERATOR_TOKEN, CONSOLE_AUDITOR_TOKEN: AUDITOR_TOKEN, MAILCHUTE_SIMILAR_PER_HOUR: 'off' },
    ...{ MAILBOX_TEST_SMTP_URL: `smtp://127.0.0.1:${smtp.port}`, MAILBOX_TEST_ACKNOWLEDGE: 'on' },
    ...{ MAILCHUTE_SECRET_KEY: randomBytes(32).toString('base64') },
    ...{ MAILBOX_TEST_ACKNOWLEDGE_FROM: 'Support <support@mailchute.example>' },
    ...more,
  }
  const running = start(['run'], settings, { longestMilliseconds: LONGEST_MILLISECONDS })
  const store = openStore(databaseUrl)
  const worked = async (count: number) => {
    await running.line(() => logLines(running.stderr()).filter(({ event }) => OUTCOMES.has(event)).length >= count)
  }
  const line = await running.line(({ event }) => event === 'serve.started')
  await worked(mails.length)
  return {
    ...{ at: `http://127.0.0.1:${line['port']}`, mailbox: box.mailbox, store, databaseUrl, running, worked },
    [Symbol.asyncDispose]: async () => {
      running.child.kill('SIGTERM')
      await running.ended
      await store.close()
      await Promise.all([box[Symbol.asyncDispose](), smtp[Symbol.asyncDispose]()])
    },
  }
}

const OUTCOMES: ReadonlySet<string> = new Set(['message.ticketed', 'message.suppressed', 'message.quarantined'])

const messagesOf = (mails: readonly Buffer[]) => mails.map((octets, index) => ({ uniqueId: `u-${index + 1}`, octets }))
