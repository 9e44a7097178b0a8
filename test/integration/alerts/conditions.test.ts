import { describe, expect, test } from 'vitest'
import { wordsOf } from '../../../src/outbound/alerts/wording.ts'
import { ALERTS } from '../../../src/upkeep/alerts.ts'
import { openAlerting } from '../../support/alerting.ts'

const RAW = `INSERT INTO raw_messages (sha256, size_bytes) VALUES ('a', 1)`
const MESSAGE = `INSERT INTO inbound_messages (mailbox_id, sha256, unique_id, state, reason, received_at, finished_at)
  SELECT id, 'a', 'u', `
const EVENT = `INSERT INTO inbound_events (mailbox_id, code, at) SELECT id, 'test', now() - `
const OUTBOX = `INSERT INTO outbox (event_id, target, mailbox_id, recipient, recipient_sha256, state, created_at, finished_at)
  SELECT 1, 't', id, 'r', 'r', `
const POLL = `INSERT INTO poll_sessions (mailbox_id, ended_at, listed, known) SELECT id, now(), 3, `

/** What makes each of them begin, and what does not yet. */
const CONDITIONS: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  [
    'mailbox/stands-still help',
    [`UPDATE mailboxes SET last_good_poll_at = now() - interval '31 minutes'`],
    [`UPDATE mailboxes SET last_good_poll_at = now() - interval '29 minutes'`],
  ],
  [
    'mailbox/paused help',
    [`UPDATE mailboxes SET paused_reason = 'oauth/login-required'`],
    [`UPDATE mailboxes SET paused_reason = 'operator', last_good_poll_at = now() - interval '9 days'`],
  ],
  [
    'messages/waiting',
    [RAW, `${MESSAGE} 'received', NULL, now() - interval '16 minutes', NULL FROM mailboxes`],
    [RAW, `${MESSAGE} 'received', NULL, now() - interval '14 minutes', NULL FROM mailboxes`],
  ],
  [
    'messages/quarantined',
    [RAW, `${MESSAGE} 'quarantined', 'x', now(), now() - interval '61 minutes' FROM mailboxes`],
    [RAW, `${MESSAGE} 'quarantined', 'x', now() - interval '2 hours', now() - interval '59 minutes' FROM mailboxes`],
  ],
  [
    'messages/looping',
    [RAW, `${MESSAGE} 'quarantined', 'loop/similar', now(), now() FROM mailboxes`],
    [RAW, `${MESSAGE} 'suppressed', 'loop/similar', now(), now() FROM mailboxes`],
  ],
  [
    'outbox/failing',
    [`${OUTBOX} 'failed', now() - interval '1 day', now() FROM mailboxes`],
    [`${OUTBOX} 'failed', now() - interval '1 day', now() - interval '2 hours' FROM mailboxes`],
  ],
  [
    'outbox/failing',
    [`${OUTBOX} 'waiting', now() - interval '61 minutes', NULL FROM mailboxes`],
    [`${OUTBOX} 'waiting', now() - interval '59 minutes', NULL FROM mailboxes`],
  ],
  [
    'audit/not-sealed',
    [`${EVENT} interval '11 minutes' FROM mailboxes`],
    [`${EVENT} interval '9 minutes' FROM mailboxes`],
  ],
  ['audit/unbalanced', [`${POLL} 2 FROM mailboxes`], [`${POLL} 3 FROM mailboxes`]],
]

describe('what an operator is told of', () => {
  test.each(CONDITIONS)('%s', async (what, begins, doesNot) => {
    for (const [statements, expected] of [
      [doesNot, []],
      [begins, [`began ${what}`]],
    ] as const) {
      await using it = await openAlerting()
      for (const sql of statements) await it.query(sql)
      await it.after(0)
      expect(it.told).toEqual(expected)
    }
  })

  test.each([
    [13, ['began credentials/end-soon app client-secret']],
    [2, ['began credentials/end-now app client-secret']],
    [15, []],
  ])('a client secret that ends in %d days', async (days, expected) => {
    const ends = new Date(Date.now() + (days + 0.5) * 86_400_000).toISOString().slice(0, 10)
    await using it = await openAlerting({
      MAILBOX_APP_URL: 'graph://a@corp.example',
      MAILBOX_APP_OAUTH_CLIENT_ID: 'app',
      MAILBOX_APP_OAUTH_CLIENT_SECRET: 'secret-canary',
      MAILBOX_APP_OAUTH_CLIENT_SECRET_EXPIRES: ends,
    })
    await it.after(0)
    expect(it.told).toEqual(expected)
  })

  test('each says in words what it is and what to do', () => {
    for (const code of Object.keys(ALERTS)) {
      const subject = /^mailbox|^credentials/.test(code) ? 'help' : ''
      const began = { code, subject, detail: { minutes: 31 }, beganAt: new Date(0), endedAt: null, attempts: 1 }
      const { headline, text } = wordsOf({ ...began, what: 'began' }, null)
      expect(headline).toMatch(subject === '' ? /^\[alert\] [A-Z].{15,}/ : /^\[alert\] Mailbox help (is|had|has) /)
      expect(text).toMatch(/\(minutes 31\)\nWhat to do: .{20,} \([a-z-]+\/[a-z-]+, since 1970-01-01T00:00:00.000Z\)$/)
      expect(text).not.toContain('NAME')
      const { text: withLink } = wordsOf({ ...began, what: 'began' }, 'https://mailchute.example.com')
      expect(withLink.replace(`${text}\n`, '')).toMatch(/^https:\/\/mailchute\.example\.com\/[a-z?=]*$/)
      const over = wordsOf({ ...began, what: 'over', endedAt: new Date(600_000) }, 'https://mailchute.example.com')
      expect(over.text).toMatch(/^\[over\] .+\nIt lasted 10 minutes.*$/)
    }
  })
})
