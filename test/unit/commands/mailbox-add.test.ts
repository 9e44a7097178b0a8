import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Answers, draftOf } from '../../../src/commands/mailbox-add/answers.ts'
import { type Draft, isTaken, nameOf, problemOf, writeDraft } from '../../../src/commands/mailbox-add/draft.ts'
import { kindOf, mailboxNameOf, serverOf } from '../../../src/commands/mailbox-add/guess.ts'
import { readConfig } from '../../../src/config.ts'

let cwd: string
beforeEach(() => {
  cwd = mkdtempSync(path.join(tmpdir(), 'mailchute-add-'))
})
afterEach(() => rmSync(cwd, { recursive: true }))

const draft = (settings: Record<string, string>, name = 'SUPPORT'): Draft => ({ name, settings })
const withPassword = (password: string) => draft({ URL: 'pop3s://u@h.example', PASSWORD: password })

function written(asked: Draft) {
  writeDraft(asked, cwd)
  return readConfig({}, cwd).mailboxes
}

describe('what is written is what was asked for', () => {
  test('with any password that can be typed', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
    })
    const quotes = fc.string({ unit: fc.constantFrom("'", '"', '`', '#', '\\', 'n', ' ', '$', '='), minLength: 1 })
    fc.assert(
      fc.property(fc.oneof(printable, quotes, fc.string({ unit: 'grapheme', minLength: 1 })), (password) => {
        rmSync(path.join(cwd, '.env'), { force: true })
        expect(written(withPassword(password))).toMatchObject([{ credentials: { kind: 'password', password } }])
      }),
      { numRuns: 500 },
    )
  })

  test.each(['!\u2028!', '\u2029', 'a\u0085b'])(
    'with a password of separators that are no line ends to Node (%j)',
    (password) => {
      expect(written(withPassword(password))).toMatchObject([{ credentials: { password } }])
    },
  )

  test('what no quotation marks can hold stands in a file of its own, for its owner alone', () => {
    expect(written(withPassword(' \'"`# '))).toMatchObject([{ credentials: { password: ' \'"`# ' } }])
    expect(readdirSync(cwd).sort()).toEqual(['.env', '.env.MAILBOX_SUPPORT_PASSWORD'])
  })

  const ANSWERS: Answers = {
    ...{ address: 'help@corp.example', kind: 'imap', protocol: 'imap', place: 'imap.corp.example', encryption: 'tls' },
    ...{ user: 'help@corp.example', login: 'password', password: 'pw', clientId: 'app', clientSecret: '' },
    ...{ clientSecretExpires: '', tenant: '', afterwards: 'delete', keepFor: '7d', folder: 'Processed', name: 'help' },
  }

  test.each<[Partial<Answers>, object]>([
    [{}, { protocol: 'imap', host: 'imap.corp.example', port: 993, security: 'tls', credentials: { password: 'pw' } }],
    [
      { place: 'h.example:1993', user: 'a b%', encryption: 'stls' },
      { port: 1993, security: 'stls', user: 'a b%' },
    ],
    [
      { afterwards: 'move', folder: 'Done & dusted' },
      { moveTo: 'Done & dusted', deleteAfterSeconds: 0 },
    ],
    [{ afterwards: 'leave' }, { deleteAfterSeconds: null }],
    [
      { kind: 'pop3', protocol: 'pop3', afterwards: 'keep' },
      { protocol: 'pop3', port: 995, deleteAfterSeconds: 604_800 },
    ],
    [
      { kind: 'outlook', protocol: 'pop3', address: 'a@outlook.com', login: 'person', tenant: 'consumers' },
      {
        ...{ url: 'outlook://a@outlook.com', isMicrosoft: true, user: 'a@outlook.com' },
        credentials: {
          client: { grant: 'login', clientId: 'app', endpoints: { token: expect.stringContaining('/consumers/') } },
        },
      },
    ],
    [
      {
        kind: 'microsoft-365',
        protocol: 'graph',
        login: 'application',
        clientSecret: 's',
        clientSecretExpires: '2028-05-31',
        tenant: 't',
      },
      {
        ...{ protocol: 'graph', user: 'help@corp.example' },
        credentials: { client: { grant: 'client-credentials', clientSecret: 's', clientSecretExpires: '2028-05-31' } },
      },
    ],
    [
      { kind: 'microsoft-365', protocol: 'imap', login: 'person', clientSecret: 's', tenant: 'corp.example' },
      {
        host: 'outlook.office365.com',
        isMicrosoft: true,
        credentials: { client: { grant: 'login', clientSecret: 's' } },
      },
    ],
    [
      { kind: 'gmail', protocol: 'imap', address: 'a@gmail.com', login: 'person', clientSecret: 's' },
      { host: 'imap.gmail.com', user: 'a@gmail.com', credentials: { client: { provider: 'google', grant: 'login' } } },
    ],
  ])('answers %j', (answers, expected) => {
    expect(written(draftOf({ ...ANSWERS, ...answers }))).toMatchObject([{ name: 'help', ...expected }])
  })
})

describe('what is asked is held against the readers of settings', () => {
  const surroundings = () => ({ env: {}, cwd })

  test.each([
    [{ URL: 'pop3s://u@h.example:99999', PASSWORD: 'x' }, 'host or port'],
    [{ URL: 'pop3s://u@h.example?deleteAfter=soon', PASSWORD: 'x' }, 'no duration'],
    [{ URL: 'outlook://nobody', OAUTH_CLIENT_ID: 'x' }, 'no address'],
    [{ URL: 'outlook://a@b.example', OAUTH_CLIENT_ID: 'x', OAUTH_TENANT: 'a b' }, 'no tenant'],
    [{ URL: 'outlook://a@b.example', OAUTH_CLIENT_ID: 'x', OAUTH_CLIENT_SECRET_EXPIRES: 'soon' }, 'no date'],
  ])('%j', (settings, problem) => {
    expect(problemOf(draft(settings), surroundings())).toContain(problem)
  })

  test('a name is taken once, wherever it is set, and a mailbox once, whatever its name', () => {
    expect(problemOf(withPassword('x'), surroundings())).toBeUndefined()
    writeDraft(withPassword('x'), cwd)
    expect(isTaken('SUPPORT', surroundings())).toBe(true)
    expect(isTaken('SALES', { env: { MAILBOX_SALES_URL: 'x' }, cwd })).toBe(true)
    expect(problemOf(withPassword('y'), surroundings())).toContain('set already')
    expect(problemOf({ ...withPassword('x'), name: 'TWIN' }, surroundings())).toContain('the same mailbox')
  })

  test('a name becomes one of settings, or none', () => {
    expect(['support', 'Support EU', 'büro', 'a--b', '---'].map(nameOf)).toEqual([
      'SUPPORT',
      'SUPPORT_EU',
      'B_RO',
      'A_B',
      null,
    ])
    writeFileSync(path.join(cwd, '.env'), '')
    expect(problemOf({ ...withPassword('x'), name: 'MY_SMTP' }, surroundings())).toContain('its mailbox has no URL')
  })
})

test('an address tells where its mailbox most likely is', () => {
  expect(['a@hotmail.co.uk', 'a@GMAIL.com', 'a@corp.example'].map(kindOf)).toEqual(['outlook', 'gmail', null])
  expect(serverOf('a@gmx.de', 'pop3')).toBe('pop.gmx.net')
  expect(serverOf('a@corp.example', 'imap')).toBe('imap.corp.example')
  expect(mailboxNameOf('Support+eu@corp.example')).toBe('support')
})
