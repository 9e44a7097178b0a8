import { describe, expect, test } from 'vitest'
import { authenticityAdvice, checkDns } from '../../../src/commands/doctor/authenticity.ts'
import { DEFAULT_POLICY } from '../../../src/config/policy.ts'
import { startDnsServer } from '../../support/dns-server.ts'
import { mailboxAt } from '../../support/scripted-pop3.ts'

describe('the doctor, on who wrote a mail', () => {
  test('says whether the DNS answers', async () => {
    await using server = await startDnsServer()
    expect(await checkDns({ dns: { servers: [server.address] } })).toBe('answers')
    delete server.zone[' NS']
    expect(await checkDns({ dns: { servers: [server.address] } })).toMatchObject({
      said: expect.stringContaining('not answer'),
    })
    expect(await checkDns({ dns: null })).toContain('switched off')
  })

  test('reminds of the settings that say whose word is believed, until one is there', () => {
    const mailbox = mailboxAt(110)
    expect(authenticityAdvice(mailbox)).toMatchObject([{ todo: expect.stringContaining('_RECEIVED_BY') }])
    expect(authenticityAdvice({ ...mailbox, isMicrosoft: true })).toMatchObject([
      { todo: expect.stringContaining('_AUTHSERV_ID=microsoft') },
    ])
    expect(authenticityAdvice({ ...mailbox, policy: { ...DEFAULT_POLICY, authservIds: ['x'] } })).toEqual([])
    expect(authenticityAdvice({ ...mailbox, policy: { ...DEFAULT_POLICY, receivedBy: ['x'] } })).toEqual([])
  })
})
