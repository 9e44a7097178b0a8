import { mkdtemp, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config.ts'
import { DOVECOT_PASSWORD, type Dovecot, startDovecot } from '../support/dovecot.ts'
import { createDatabase } from '../support/postgres.ts'
import { buildProgram, run, type Settings, start } from '../support/program.ts'
import { CTRL_C, DOWN, ENTER, onTerminal } from '../support/terminal.ts'

const MAIL = (day: number) =>
  Buffer.from(
    `From: Ann <ann@customer.example>\r\nDate: ${day} Nov 2026 08:00:00 +0000\r\nSubject: hello\r\n\r\nHello.\r\n`,
  )
const OWN = '# mine\nLOG_LEVEL=warn # quiet\n'

let dovecot: Dovecot
let cwd = ''
let trust: Settings
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  await dovecot.deliver('anna', [MAIL(3), MAIL(4), MAIL(5)])
  const ca = path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'add-ca.pem')
  await writeFile(ca, dovecot.ca)
  trust = { NODE_EXTRA_CA_CERTS: ca }
})
afterAll(async () => {
  await dovecot[Symbol.asyncDispose]()
})
beforeEach(async () => {
  cwd = await mkdtemp(path.join(process.env['TEST_RUN_FOLDER'] ?? '', 'add-'))
  await writeFile(path.join(cwd, '.env'), OWN, { mode: 0o644 })
})

const envFile = () => readFile(path.join(cwd, '.env'), 'utf8')
const url = (user: string) => `pop3s://${user}@localhost:${dovecot.ports.pop3s}`

/** Up to the connection, with this password. */
async function answerAll(terminal: ReturnType<typeof onTerminal>, password: string): Promise<void> {
  await terminal.answer('Address of the mailbox', 'nobody', ENTER)
  await terminal.answer('write it whole', '\x15', 'anna@corp.example', ENTER)
  await terminal.answer('Where is it?', DOWN, ENTER)
  await terminal.answer('Server', '\x15', `localhost:${dovecot.ports.pop3s}`, ENTER)
  await terminal.answer('Encryption', ENTER)
  await terminal.answer('User name', '\x15', 'anna', ENTER)
  await terminal.answer('Password', password, ENTER)
  await terminal.answer('What becomes of mail', ENTER)
  await terminal.answer('Kept for', ENTER)
  await terminal.answer('Name of the mailbox', ENTER)
}

describe('mailbox add on a terminal', () => {
  test('asks, shows what is there, writes it beside what was there, and remove takes it out again', async () => {
    const terminal = onTerminal(['mailbox', 'add'], trust, cwd)
    await answerAll(terminal, DOVECOT_PASSWORD)
    await terminal.answer('It works: 3 messages')
    await terminal.answer('2026-11-03T08:00:00Z')
    await terminal.answer('MAILBOX_ANNA_PASSWORD=(hidden)')
    expect(await envFile()).toBe(OWN)
    await terminal.answer('Write this into .env?', ENTER)
    expect(await terminal.ended).toBe(0)
    expect(terminal.screen()).not.toContain(DOVECOT_PASSWORD)

    expect((await envFile()).startsWith(`${OWN}\n# Mailbox ANNA`)).toBe(true)
    expect((await stat(path.join(cwd, '.env'))).mode & 0o777).toBe(0o600)
    expect(readConfig({}, cwd)).toMatchObject({
      logLevel: 'warn',
      mailboxes: [{ name: 'anna', user: 'anna', host: 'localhost', deleteAfterSeconds: 604_800 }],
    })
    expect(await dovecot.files('anna')).toHaveLength(3)

    const settings = { DATABASE_URL: await createDatabase() }
    expect((await run(['mailbox', 'remove', 'anna'], settings, { cwd })).code).toBe(64)
    const removal = onTerminal(['mailbox', 'remove', 'anna'], settings, cwd)
    await removal.answer('MAILBOX_ANNA_PASSWORD')
    await removal.answer('Remove anna?', ENTER)
    expect(await removal.ended).toBe(0)
    expect(await envFile()).toBe(OWN)
  })

  test('remove writes nothing where it is stopped', async () => {
    await writeFile(path.join(cwd, '.env'), `MAILBOX_ANNA_URL=${url('anna')}\nMAILBOX_ANNA_PASSWORD=x\n`)
    const before = await envFile()
    const removal = onTerminal(['mailbox', 'remove', 'anna'], { DATABASE_URL: await createDatabase() }, cwd)
    await removal.answer('Remove anna?', CTRL_C)
    await removal.answer('nothing was removed')
    expect(await removal.ended).toBe(130)
    expect(await envFile()).toBe(before)
  })

  test('a wrong password is told with what to do, can be given again, and stopping writes nothing', async () => {
    const terminal = onTerminal(['mailbox', 'add', 'helpdesk'], trust, cwd)
    await terminal.answer('Address of the mailbox', 'anna@corp.example', ENTER)
    await terminal.answer('Where is it?', DOWN, ENTER)
    await terminal.answer('Server', '\x15', `localhost:${dovecot.ports.pop3s}`, ENTER)
    await terminal.answer('Encryption', ENTER)
    await terminal.answer('User name', '\x15', 'anna', ENTER)
    await terminal.answer('Password', 'wr0ng-canary', ENTER)
    await terminal.answer('What becomes of mail', ENTER)
    await terminal.answer('Kept for', ENTER)
    await terminal.answer('(source/credentials-refused)')
    await terminal.answer('check user and password')
    await terminal.answer('And now?', ENTER)
    await terminal.answer('Address of the mailbox', ENTER)
    await terminal.answer('Where is it?', ENTER)
    await terminal.answer('Server', ENTER)
    await terminal.answer('Encryption', ENTER)
    await terminal.answer('User name', ENTER)
    await terminal.answer('Password (nothing: the one before)', DOVECOT_PASSWORD, ENTER)
    await terminal.answer('What becomes of mail', ENTER)
    await terminal.answer('Kept for', ENTER)
    await terminal.answer('It works: 3 messages')
    await terminal.answer('Write this into .env?', CTRL_C)
    await terminal.answer('nothing was written')
    expect(await terminal.ended).toBe(130)
    expect(await envFile()).toBe(OWN)
    expect(terminal.screen()).not.toContain('canary')
  })
})

describe('mailbox add where nobody can be asked', () => {
  const add = (args: readonly string[], settings: Settings = {}) =>
    run(['mailbox', 'add', ...args], { ...trust, ...settings }, { cwd })

  test('takes options, tries them, and writes what worked', async () => {
    await writeFile(path.join(cwd, 'secret'), `${DOVECOT_PASSWORD}\n`)
    const { code, stdout } = await add(['help-desk', '--url', url('anna'), '--password-file', 'secret'])
    expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/login works, 3 messages/)])
    expect(await envFile()).toBe(
      `${OWN}\n# Mailbox HELP_DESK, by \`mailchute mailbox add\`\nMAILBOX_HELP_DESK_URL=${url('anna')}\nMAILBOX_HELP_DESK_PASSWORD_FILE=secret\n`,
    )
    const again = await add(['help-desk', '--url', url('bea'), '--password-file', 'secret'])
    expect([again.code, again.stderr]).toEqual([64, expect.stringContaining('mailbox remove help-desk')])
  })

  test('takes the password from standard input', async () => {
    const adding = start(['mailbox', 'add', 'anna', '--url', url('anna'), '--password-stdin'], trust, {
      cwd,
      hasInput: true,
    })
    adding.child.stdin?.end(`${DOVECOT_PASSWORD}\n`)
    expect((await adding.ended).code).toBe(0)
    expect(readConfig({}, cwd).mailboxes).toMatchObject([{ credentials: { password: DOVECOT_PASSWORD } }])
  })

  test.each([
    [['anna'], 64, 'usage/invalid'],
    [['---', '--url', 'pop3s://a@h.example'], 64, 'usage/invalid'],
    [['anna', '--url', 'pop3s://h.example'], 78, 'config/invalid'],
    [['anna', '--url', 'pop3://anna@127.0.0.1:1', '--password-file', '.env'], 69, 'source/unreachable'],
  ])('%j writes nothing and ends with %i', async (args, exitCode, code) => {
    const ended = await add(args)
    expect([ended.code, ended.stderr]).toEqual([exitCode, expect.stringContaining(`error ${code}: `)])
    expect(await envFile()).toBe(OWN)
  })

  test('--no-test writes it untried, and a login is left to a person', async () => {
    const untried = await add(['anna', '--url', 'pop3://anna@127.0.0.1:1', '--password-file', '.env', '--no-test'])
    expect([untried.code, untried.stdout.toString()]).toEqual([0, expect.stringContaining('untested')])
    const outlook = await add(['erin', '--url', 'outlook://erin@outlook.com', '--oauth-client-id', 'app'])
    expect([outlook.code, outlook.stdout.toString()]).toEqual([0, expect.stringContaining('mailbox login erin')])
    expect(readConfig({}, cwd).mailboxes.map(({ name }) => name)).toEqual(['anna', 'erin'])
  })
})

test('remove says where a mailbox is set that it cannot take out', async () => {
  const set = { MAILBOX_ANNA_URL: url('anna'), MAILBOX_ANNA_PASSWORD: 'x', DATABASE_URL: await createDatabase() }
  const ended = await run(['mailbox', 'remove', 'anna', '--yes'], set, { cwd })
  expect([ended.code, ended.stderr]).toEqual([64, expect.stringMatching(/MAILBOX_ANNA_URL.* in the environment/)])
  const unknown = await run(['mailbox', 'remove', 'bea', '--yes'], { DATABASE_URL: set.DATABASE_URL }, { cwd })
  expect([unknown.code, unknown.stderr]).toEqual([64, expect.stringContaining('config/unknown-mailbox')])
})
