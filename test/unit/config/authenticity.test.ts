import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../../src/config.ts'

const MAILBOX = { MAILBOX_X_URL: 'pop3s://x@pop.example.com', MAILBOX_X_PASSWORD: 'secret' }
const read = (env: NodeJS.ProcessEnv) => readConfig({ ...MAILBOX, ...env }, '/nonexistent')

function settingsWrong(env: NodeJS.ProcessEnv): string[] {
  try {
    read(env)
    return []
  } catch (error) {
    return error instanceof ConfigError ? error.problems.map(({ setting }) => setting) : ['?']
  }
}

describe('MAILCHUTE_DNS', () => {
  test.each([
    ['on', { servers: [] }],
    ['OFF', null],
    ['192.0.2.53', { servers: ['192.0.2.53'] }],
    [
      '192.0.2.53:5353, [2001:db8::1]:53 2001:db8::2',
      { servers: ['192.0.2.53:5353', '[2001:db8::1]:53', '2001:db8::2'] },
    ],
  ])('%s', (written, dns) => {
    expect(read({ MAILCHUTE_DNS: written }).dns).toEqual(dns)
  })

  test.each(['yes', 'dns.example.com', '192.0.2.53:99999', '192.0.2.53:0', '1.2.3'])('%s is wrong', (written) => {
    expect(settingsWrong({ MAILCHUTE_DNS: written })).toEqual(['MAILCHUTE_DNS'])
  })
})

describe('RECEIVED_BY and AUTHSERV_ID', () => {
  test('are lists, without regard to case', () => {
    const [mailbox] = read({
      MAILBOX_X_RECEIVED_BY: 'MX.example.com, .example.org *.example.net 192.0.2.0/24,2001:db8::/32 microsoft',
      MAILBOX_X_AUTHSERV_ID: 'mx.Google.com,microsoft',
    }).mailboxes
    expect(mailbox?.policy.receivedBy).toEqual([
      ...['mx.example.com', 'example.org', 'example.net', '192.0.2.0/24', '2001:db8::/32', 'microsoft'],
    ])
    expect(mailbox?.policy.authservIds).toEqual(['mx.google.com', 'microsoft'])
  })

  test.each(['192.0.2.1', '192.0.2.0/33', '2001:db8::/129', 'a@b.example', 'x/24'])('%s is wrong', (written) => {
    expect(settingsWrong({ MAILBOX_X_RECEIVED_BY: written })).toEqual(['MAILBOX_X_RECEIVED_BY'])
  })

  test.each([';', 'mx.google.com;', 'dkim=pass', '"mx"', 'a@b.example'])('%s names no server', (written) => {
    expect(settingsWrong({ MAILBOX_X_AUTHSERV_ID: written })).toEqual(['MAILBOX_X_AUTHSERV_ID'])
  })
})
