/** Tokens that end while a mailbox is emptied: each session of a poll has one that is good. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { generateMails } from '../../../src/sandbox/generate.ts'
import { type Dovecot, startDovecot } from '../../support/dovecot.ts'
import { logIn, SECRET_KEY } from '../../support/logged-in.ts'
import { type OAuthServer, startOAuthServer } from '../../support/oauth-server.ts'
import { createDatabase } from '../../support/postgres.ts'
import { buildProgram, runJson } from '../../support/program.ts'
import { brokenPromises } from '../../support/promises.ts'

const USER = 'support@mailchute.example'
/** A session takes 500. */
const MAILS = 1100
const SESSIONS = 3

let dovecot: Dovecot
let server: OAuthServer
const lifetimes: number[] = []
beforeAll(async () => {
  await buildProgram()
  dovecot = await startDovecot()
  const accessToken = (user: string, seconds: number) => {
    // The second one has ended before it is used, whatever the authority says of it: Dovecot refuses it.
    const lasts = lifetimes.length === 1 ? -1 : seconds
    lifetimes.push(lasts)
    return dovecot.accessToken(user, lasts)
  }
  server = await startOAuthServer({ accessToken, user: USER })
})
afterAll(async () => {
  await dovecot[Symbol.asyncDispose]()
  await server[Symbol.asyncDispose]()
})

test('a poll of several sessions outlives its tokens, and loses and doubles nothing (I2, I3, I5)', async () => {
  const mails = generateMails({ count: MAILS, seed: 3, averageBytes: 800 }).map(({ octets }) => octets)
  await dovecot.deliver(USER, mails)
  const settings = {
    DATABASE_URL: await createDatabase(),
    MAILCHUTE_SECRET_KEY: SECRET_KEY,
    MAILBOX_SUPPORT_URL: `pop3://${USER}@127.0.0.1:${dovecot.ports.pop3}`,
    ...server.settings('SUPPORT'),
  }
  // Less than a session may take: none may begin with a token of the one before.
  server.manners.expiresInSeconds = 300
  {
    await using _ = await logIn(settings, server)
  }
  const [drained] = await runJson(['drain', '--json'], settings)
  expect(drained).toMatchObject({
    mailboxes: [{ listed: MAILS, retrieved: MAILS, stored: MAILS, deleted: MAILS, left: 0, error: null }],
    work: { ticketed: MAILS, quarantined: 0 },
  })
  expect(await dovecot.files(USER)).toEqual([])
  expect(await brokenPromises(settings.DATABASE_URL, { octets: mails })).toEqual([])
  // One a session, one that looks whether anything is left, and one in place of the one that had ended.
  expect(lifetimes.length).toBeGreaterThanOrEqual(SESSIONS + 1)
  expect(lifetimes.filter((seconds) => seconds < 0)).toHaveLength(1)
})
