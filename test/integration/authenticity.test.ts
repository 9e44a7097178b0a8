import { Client } from 'pg'
import { beforeAll, describe, expect, test } from 'vitest'
import { startSandbox } from '../../src/sandbox/server.ts'
import { dmarc, sentBy } from '../support/authenticating.ts'
import { startDnsServer } from '../support/dns-server.ts'
import { createDatabase } from '../support/postgres.ts'
import { keyOf, mailFrom, signed } from '../support/signing.ts'
import { openWorker } from '../support/worker.ts'

const USER = 'support@mailchute.example'
const PASSWORD = 'correct horse battery'
const ZONE = {
  ...keyOf('bank.example'),
  ...dmarc('bank.example'),
  'bank.example TXT': { txt: ['v=spf1 ip4:192.0.2.1 -all'] },
}

const mails: Record<string, string> = {}
beforeAll(async () => {
  const named = (id: string, from: string) => mailFrom(from).replace('1@bank.example', `${id}@bank.example`)
  const received = (id: string, ip: string) => sentBy(ip, 'a@bank.example', named(id, 'a@bank.example'))
  Object.assign(mails, {
    signed: await signed(named('signed', 'a@bank.example'), { by: 'bank.example' }),
    sent: received('sent', '192.0.2.1'),
    forged: received('forged', '198.51.100.66'),
    plain: named('plain', 'x@nobody.example'),
    provider: `Received: from x (x [198.51.100.66]) by mx.mailchute.example; date\r\nAuthentication-Results: mx.mailchute.example; dmarc=pass header.from=bank.example\r\n${named('provider', 'a@bank.example')}`,
  })
})

/** What stands on the entries, by the first part of their Message-IDs. */
async function entriesOf(settings: NodeJS.ProcessEnv) {
  const sandbox = await startSandbox({ mailboxes: [{ user: USER, password: PASSWORD }] })
  const databaseUrl = await createDatabase()
  const client = new Client({ connectionString: databaseUrl })
  try {
    await using worker = await openWorker({
      DATABASE_URL: databaseUrl,
      MAILBOX_SUPPORT_URL: `pop3://${USER}@127.0.0.1:${sandbox.port}`,
      MAILBOX_SUPPORT_PASSWORD: PASSWORD,
      ...settings,
    })
    for (const mail of Object.values(mails)) sandbox.mailbox(USER).deliver(Buffer.from(mail))
    await worker.poll()
    await worker.workOff()
    await client.connect()
    const { rows } = await client.query<{ id: string; trust: string; reason: string; by: string }>(
      `SELECT split_part(message_id, '@', 1) AS id, trust::text, authenticity->>'reason' AS reason,
         authenticity->>'by' AS by FROM ticket_entries`,
    )
    return Object.fromEntries(rows.map(({ id, trust, reason, by }) => [id.slice(1), `${trust} ${reason} by ${by}`]))
  } finally {
    await client.end()
    await sandbox.close()
  }
}

describe('the entry of a mail', () => {
  test('has its trust, from the DNS', async () => {
    await using dns = await startDnsServer(ZONE)
    const entries = await entriesOf({ MAILCHUTE_DNS: dns.address, MAILBOX_SUPPORT_RECEIVED_BY: 'mx.mailchute.example' })
    expect(entries).toEqual({
      signed: 'verified dmarc/pass by dns',
      sent: 'verified dmarc/pass by dns',
      forged: 'failed dmarc/fail by dns',
      plain: 'unverified dkim/none by dns',
      provider: 'unverified dkim/none by dns',
    })
  })

  test('has the trust that the receiving server tells, without a DNS', async () => {
    const entries = await entriesOf({ MAILCHUTE_DNS: 'off', MAILBOX_SUPPORT_AUTHSERV_ID: 'mx.mailchute.example' })
    expect(entries).toMatchObject({
      signed: 'unknown authenticity/switched-off by nobody',
      provider: 'verified provider/dmarc-pass by provider',
    })
  })

  test('is unknown without a DNS, and there all the same', async () => {
    await using dns = await startDnsServer(ZONE)
    dns.isSilent = true
    const entries = await entriesOf({ MAILCHUTE_DNS: dns.address })
    expect(Object.keys(entries).sort()).toEqual(Object.keys(mails).sort())
    expect(new Set(Object.values(entries))).toEqual(new Set(['unknown authenticity/no-dns by nobody']))
  })
})
