import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { signedHeaders, webhookId } from '../../../src/outbound/webhooks/sign.ts'

const EVENT = { mailboxId: '6b722f4e-8f0e-4a5c-9a41-0d1f0a4c2b11', eventId: '7', at: new Date(1_795_651_200_000) }

test('an event has one id; another that a restored database gives its number to has another', () => {
  const id = webhookId(EVENT)
  expect(id).toMatch(/^evt_[0-9a-f]{32}$/)
  expect(webhookId({ ...EVENT, at: new Date(EVENT.at) })).toBe(id)
  const others = [{ at: new Date(EVENT.at.getTime() + 1) }, { eventId: '8' }, { mailboxId: 'other' }]
  expect(others.map((other) => webhookId({ ...EVENT, ...other })).filter((other) => other === id)).toEqual([])
})

test('the signature is that of Standard Webhooks, by hand', () => {
  const secret = Buffer.alloc(32, 9)
  const mac = createHmac('sha256', secret).update('evt_1.1795651200.{}').digest('base64')
  expect(signedHeaders([secret], 'evt_1', '{}', new Date(1_795_651_200_999))).toEqual({
    'webhook-id': 'evt_1',
    'webhook-timestamp': '1795651200',
    'webhook-signature': `v1,${mac}`,
  })
})

test('while a secret is changed, a receiver takes it with the new one and with the old one, and with no other', () => {
  const [now, old, other] = [7, 8, 9].map((octet) => Buffer.alloc(32, octet))
  if (now === undefined || old === undefined || other === undefined) throw new Error('three are made')
  const headers = signedHeaders([now, old], 'evt_1', '{}', new Date())
  const taken = [now, old].map((secret) => new Webhook(secret.toString('base64')).verify('{}', headers))
  expect(taken).toEqual([{}, {}])
  expect(() => new Webhook(other.toString('base64')).verify('{}', headers)).toThrow('No matching signature')
})

test('what docs/webhooks.md shows for a receiver without a library takes what is signed, and nothing else', () => {
  const docs = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
  const code = docs.match(/const key = [\s\S]+?\n {6}}\)\n/)?.[0]
  const shown = new Function('createHmac', 'timingSafeEqual', 'secret', 'headers', 'body', `${code}; return isOurs`)
  const secrets = [7, 8, 9].map((octet) => Buffer.alloc(32, octet))
  const headers = signedHeaders(secrets.slice(0, 2), 'evt_1', '{}', new Date())
  const taken = secrets.map((secret) =>
    shown(createHmac, timingSafeEqual, `whsec_${secret.toString('base64')}`, headers, Buffer.from('{}')),
  )
  expect(taken).toEqual([true, true, false])
})
