/** The command line: what there is, its options, and which exit code an error gives. Each command is a file here. */
import { Command } from 'commander'
import { listOf } from '../config/policy.ts'
import { type Config, readConfig } from '../config.ts'
import { MailchuteError } from '../errors.ts'
import { shutdownSignal } from '../shutdown.ts'
import { auditCommands } from './cli-audit.ts'
import { contactCommands } from './cli-contacts.ts'
import { settingCommands } from './cli-mailbox.ts'
import { eraseCommand } from './cli-privacy.ts'
import { report } from './cli-report.ts'
import { reprocessCommand } from './cli-reprocess.ts'
import { print, printError, printJson, progressLine } from './terminal.ts'
import { heedOutput } from './unread-output.ts'

/** Runs the command line and resolves with the exit code. Commands are loaded when called: starting must be quick. */
export async function cli(argv: readonly string[], version: string): Promise<number> {
  const signal = shutdownSignal()
  const written = heedOutput()
  const result = { exitCode: 0 }
  const program = new Command('mailchute')
    .description('Turns support mailboxes into tickets: nothing lost, nothing twice, everything explained.')
    .version(version)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ showGlobalOptions: true })
  workerCommands(program, signal, result)
  mailboxCommands(program, signal, result)
  messageCommands(program)
  contactCommands(program)
  rulesCommands(program)
  auditCommands(program, signal, result)
  eraseCommand(program, signal)
  explainCommand(program, result)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return written(result.exitCode)
  } catch (thrown) {
    return report(thrown, program, argv)
  }
}

const config = (): Config => readConfig(process.env, process.cwd())

interface Result {
  exitCode: number
}

function workerCommands(program: Command, signal: AbortSignal, result: Result): void {
  program
    .command('run')
    .description('the background worker')
    .option('--only <roles>', 'some of its roles, as in poll,work: poll, work, send, serve; all without it')
    .action(async ({ only }: { only?: string }) => {
      const { parseRoles, run } = await import('./run.ts')
      await run(config(), parseRoles(only), signal)
    })
  program
    .command('demo')
    .description('the whole way on this machine with nothing configured')
    .option('--once', 'stop when all mail is ticketed', false)
    .option('--port <n>', 'of the sandbox POP3 server', '0')
    .action(async ({ once, port }: { once: boolean; port: string }) => {
      const { demo } = await import('./demo.ts')
      await demo({ once, port: portOf(port) }, signal)
    })
  program
    .command('drain')
    .description('poll each mailbox once, work until nothing waits, print the sheet')
    .option('--mailbox <name>', 'only this one')
    .option('--json', 'one JSON object', false)
    .action(async (options: { mailbox?: string; json: boolean }) => {
      result.exitCode = await drainCommand(options, signal)
    })
  program
    .command('doctor')
    .description('checks database, queue, disk, each mailbox, clock and settings')
    .action(async () => {
      const { doctor } = await import('./doctor/doctor.ts')
      result.exitCode = await doctor(config(), signal)
    })
  program
    .command('migrate')
    .description('brings the database up to date')
    .action(async () => (await import('./migrate.ts')).migrateDatabase(config()))
  program
    .command('rotate-key')
    .description('seals what is kept of credentials with the current key, or with a new key file')
    .action(async () => (await import('./rotate-key.ts')).rotate(config()))
}

function portOf(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port
  throw new MailchuteError('usage/invalid', '--port takes a number from 0 to 65535')
}

async function drainCommand(options: { mailbox?: string; json: boolean }, signal: AbortSignal): Promise<number> {
  const { drain } = await import('./drain.ts')
  const { sheetText } = await import('./sheet.ts')
  const line = progressLine()
  const onProgress = ({ waiting, done }: { waiting: number; done: number }) =>
    line.show(`${done} done, ${waiting} wait ...`)
  const drained = await drain(config(), { mailbox: options.mailbox, onProgress }, signal).finally(() => line.clear())
  if (options.json) printJson(drained)
  else print(sheetText(drained))
  const errors = drained.mailboxes.flatMap(({ mailbox, error }) =>
    error === null
      ? []
      : [new MailchuteError(error.code, `mailbox ${mailbox}: ${error.message}`, { hint: error.hint })],
  )
  for (const error of errors) printError(error)
  return errors[0]?.exitCode ?? 0
}

function mailboxCommands(program: Command, signal: AbortSignal, result: Result): void {
  const mailbox = program.command('mailbox').description('the mailboxes that are set')
  settingCommands(mailbox, signal, result)
  mailbox
    .command('list')
    .description('what is set, and how each one does')
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { json: boolean }) => (await import('./mailbox.ts')).listMailboxes(config(), options))
  mailbox
    .command('test <name>')
    .description('logs in and shows what is there; changes nothing')
    .option('--json', 'one JSON object', false)
    .action(async (name: string, options: { json: boolean }) =>
      (await import('./mailbox.ts')).testMailbox(config(), name, options, signal),
    )
  mailbox
    .command('login <name>')
    .description('somebody logs in by OAuth: prints a URL and waits')
    .option('--device', 'show a code to type in elsewhere; many organisations block it', false)
    .option('--port <n>', 'of the loopback redirect; any free one without it', '0')
    .option('--redirect <url>', 'another redirect URI, as the app registration has it')
    .action(async (name: string, options: { device: boolean; port: string; redirect?: string }) =>
      (await import('./login.ts')).login(config(), name, { ...options, port: portOf(options.port) }, signal),
    )
  mailbox
    .command('pause <name>')
    .description('polls it no more until it is resumed')
    .action(async (name: string) => (await import('./mailbox.ts')).pauseMailbox(config(), name))
  mailbox
    .command('resume <name>')
    .description('polls it again; what was held on the server is tried again')
    .action(async (name: string) => (await import('./mailbox.ts')).resumeMailbox(config(), name))
}

function messageCommands(program: Command): void {
  const messages = program
    .command('messages')
    .description('what became of every message')
    .option('--state <state>', 'received, ticketed, suppressed, quarantined')
    .option('--mailbox <name>')
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { state?: string; mailbox?: string; json: boolean }) =>
      (await import('./messages.ts')).listMessages(config(), options),
    )
  messages
    .command('show <id>')
    .description('its whole way, event by event')
    .action(async (id: string, _: unknown, command: Command) =>
      (await import('./messages.ts')).showMessage(config(), id, { json: command.optsWithGlobals()['json'] === true }),
    )
  messages
    .command('raw <id>')
    .description('its exact octets')
    .action(async (id: string) => (await import('./messages.ts')).rawMessage(config(), id))
  reprocessCommand(messages)
  const outbox = program
    .command('outbox')
    .description('what goes out: acknowledgements and webhooks')
    .option('--state <state>', 'waiting, sent, failed, skipped')
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { state?: string; json: boolean }) =>
      (await import('./outbox.ts')).listOutbox(config(), options),
    )
  outbox
    .command('replay <id>')
    .description('send what a webhook was told again')
    .action(async (id: string) => (await import('./outbox.ts')).replayOutbox(config(), id))
  const tickets = program
    .command('tickets')
    .description('the tickets')
    .option('--json', 'one JSON object a line', false)
    .action(async (options: { json: boolean }) => (await import('./tickets.ts')).listTickets(config(), options))
  tickets
    .command('show <number>')
    .description('one ticket with its entries')
    .action(async (number: string, _: unknown, command: Command) =>
      (await import('./tickets.ts')).showTicket(config(), number, { json: command.optsWithGlobals()['json'] === true }),
    )
}

function rulesCommands(program: Command): void {
  const rules = program.command('rules').description('what becomes of mail: the rules file (docs/rules.md)')
  rules
    .command('check [file]')
    .description('shows its rules, or what is wrong with it')
    .action(async (file?: string) => (await import('./rules.ts')).checkRules(file))
  rules
    .command('schema')
    .description('its JSON Schema, for editors')
    .action(async () => (await import('./rules.ts')).printRulesSchema())
}

interface ExplainCliOptions {
  readonly json: boolean
  readonly content: boolean
  readonly dns: boolean
  readonly authservId?: string
  readonly receivedBy?: string
  readonly rules?: string
  readonly mailbox?: string
}

function explainCommand(program: Command, result: Result): void {
  program
    .command('explain [files...]')
    .description('what would become of these mails, or of the one on standard input; needs no database')
    .option('--json', 'one JSON object a line', false)
    .option('--content', 'with the content of attachments', false)
    .option('--rules <file>', 'other rules than the configured ones')
    .option('--mailbox <name>', 'judge as this mailbox would')
    .option('--dns', 'ask the DNS who vouches for them', false)
    .option('--authserv-id <ids>', "whose Authentication-Results are believed, as a mailbox's AUTHSERV_ID")
    .option('--received-by <hosts>', "whose Received fields are believed, as a mailbox's RECEIVED_BY")
    .action(async (files: string[], { authservId, receivedBy, ...options }: ExplainCliOptions) => {
      const { explain } = await import('./explain.ts')
      const { explainRulingOf } = await import('./explain-ruling.ts')
      const ruling = await explainRulingOf(options, process.env, process.cwd())
      const believed = { authservIds: listOf(authservId), receivedBy: listOf(receivedBy) }
      result.exitCode = await explain(files, { ...options, ruling, believed }, process)
    })
}
