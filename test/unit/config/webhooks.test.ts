import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const P = 'MAILCHUTE_WEBHOOK_CRM_SYNC'

const read = (settings: Record<string, string>) => readConfig(settings, '/nonexistent').webhooks

function problems(settings: Record<string, string>): string[] {
  try {
    readConfig(settings, '/nonexistent')
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    expect(error.message).not.toContain('canary')
    return error.problems.map(({ setting, problem, hint }) => `${setting}: ${problem}; ${hint}`)
  }
}

describe('a webhook', () => {
  test('is its URL and its secret; it is told of everything, without content', () => {
    expect(read({ [`${P}_URL`]: 'https://crm.example/hook', [`${P}_SECRET`]: SECRET })).toEqual([
      {
        name: 'crm-sync',
        url: 'https://crm.example/hook',
        secrets: [Buffer.alloc(32, 7)],
        events: expect.arrayContaining(['ticket.created', 'mailbox.resumed']),
        hasContent: false,
        mayBePrivate: false,
      },
    ])
  })

  test('may have the secret from before the change beside the new one', () => {
    const old = `whsec_${Buffer.alloc(24, 8).toString('base64')}`
    const settings = { [`${P}_URL`]: 'https://crm.example/hook', [`${P}_SECRET`]: SECRET }
    const [webhook] = read({ ...settings, [`${P}_SECRET_OLD`]: old })
    expect(webhook?.secrets).toEqual([Buffer.alloc(32, 7), Buffer.alloc(24, 8)])
    expect(problems({ ...settings, [`${P}_SECRET_OLD`]: 'canary' })).toEqual([
      expect.stringMatching(/_SECRET_OLD: it is not whsec_ and 24 to 64 octets in base64/),
    ])
  })

  test('is told of what it asks for', () => {
    const options = { [`${P}_EVENTS`]: 'ticket.created, message.bounced', [`${P}_CONTENT`]: 'on' }
    const [webhook] = read({ [`${P}_URL`]: 'http://localhost:9/', [`${P}_SECRET`]: SECRET, ...options })
    expect(webhook).toMatchObject({ events: ['ticket.created', 'message.bounced'], hasContent: true })
  })

  test.each([
    ['http://crm.example/canary', /it is not encrypted; write https/],
    ['http://127.0.0.1.canary.example/', /it is not encrypted/],
    ['http://10.0.0.1/canary', /it is not encrypted/],
    ['https://user:canary@crm.example/', /it holds a user or a password/],
    ['https://canary@crm.example/', /it holds a user or a password/],
    ['ftp://crm.example/canary', /it is not encrypted/],
    ['canary', /it is no URL/],
  ])('has no URL like %s, and none is quoted', (url, problem) => {
    expect(problems({ [`${P}_URL`]: url, [`${P}_SECRET`]: SECRET })).toEqual([expect.stringMatching(problem)])
  })

  test.each(['canary', 'whsec_canary', `whsec_${'A'.repeat(200)}`])('has no secret like %s', (secret) => {
    expect(problems({ [`${P}_URL`]: 'https://crm.example', [`${P}_SECRET`]: secret })).toEqual([
      expect.stringMatching(/_SECRET: it is not whsec_ and 24 to 64 octets in base64/),
    ])
  })

  test('misses what is not set, and a slip is told with the nearest name', () => {
    expect(problems({ [`${P}_EVENTS`]: 'ticket.create' })).toEqual([
      expect.stringMatching(/_URL: it is missing/),
      expect.stringMatching(/_SECRET: it is missing/),
      expect.stringMatching(/_EVENTS: there is no event 'ticket.create'; did you mean ticket.created\?/),
    ])
    expect(problems({ [`${P}_ULR`]: 'https://x.example' })).toEqual([
      expect.stringMatching(/MAILCHUTE_WEBHOOK_CRM_SYNC_ULR: there is no such setting.*MAILCHUTE_WEBHOOK_CRM_SYNC_URL/),
    ])
  })
})
