import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config.ts'

const MAILBOXES = {
  MAILBOX_SUPPORT_URL: 'pop3s://support@pop.example.com',
  MAILBOX_SUPPORT_PASSWORD: 'x',
  MAILBOX_SALES_URL: 'pop3s://sales@pop.example.com',
  MAILBOX_SALES_PASSWORD: 'x',
}
const retentionOf = (env: Record<string, string>) =>
  readConfig({ ...MAILBOXES, ...env }, '/nonexistent').mailboxes.map(({ name, retention }) => ({ name, ...retention }))

describe('how long mail is kept', () => {
  test('is for ever unless it is set', () => {
    expect(retentionOf({})).toEqual([
      { name: 'sales', rawSeconds: null, contentSeconds: null },
      { name: 'support', rawSeconds: null, contentSeconds: null },
    ])
  })

  test('is set for all, and for each mailbox otherwise', () => {
    const env = { MAILCHUTE_KEEP_RAW: '90d', MAILCHUTE_KEEP_CONTENT: '36h', MAILBOX_SALES_KEEP_RAW: 'forever' }
    expect(retentionOf({ ...env, MAILBOX_SUPPORT_KEEP_CONTENT: '30m' })).toEqual([
      { name: 'sales', rawSeconds: null, contentSeconds: 129_600 },
      { name: 'support', rawSeconds: 7_776_000, contentSeconds: 1800 },
    ])
  })

  test.each(['90', '90 d', 'never', '-1d', '1y', ''])('is told to be wrong once: %j', (written) => {
    const problems = (() => {
      try {
        return retentionOf({ MAILCHUTE_KEEP_RAW: written })
      } catch (error) {
        return error instanceof ConfigError ? error.problems : error
      }
    })()
    if (written === '') expect(problems).toMatchObject([{ rawSeconds: null }, { rawSeconds: null }])
    else expect(problems).toMatchObject([{ setting: 'MAILCHUTE_KEEP_RAW', hint: 'write 90d, 36h or forever' }])
  })
})
