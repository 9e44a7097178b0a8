/** A mailbox changes its source: the same mail comes again in other octets, and is ticketed once all the same. */
import { beforeAll, describe, expect, test } from 'vitest'
import { mail } from '../../support/mails.ts'
import { buildProgram, logLines, run, runJson } from '../../support/program.ts'
import type { TestMailbox } from '../../support/sandbox.ts'
import { databaseUrl, messages, NEVER, pollAndWork, startServers, states } from '../../support/source-change.ts'

const IDS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
const MAILS = IDS.map((id) => mail({ id, from: `${id}@example.com` }))

const DIRECTIONS = [
  ['as it came, then as made anew', 'asCame', 'asMade'],
  ['as made anew, then as it came', 'asMade', 'asCame'],
] as const

describe.each(DIRECTIONS)('mail that is kept on the server, %s,', (_, first, second) => {
  test('comes again, is suppressed with the other message named, and switching back brings nothing new', async () => {
    await using servers = await startServers()
    for (const [index, octets] of MAILS.entries()) servers.deliver(`id-${index}`, octets)
    await pollAndWork(servers[first], '127.0.0.1', { sheet: { stored: MAILS.length } })
    await pollAndWork(servers[second], 'localhost', { sheet: { stored: MAILS.length } })
    const { ticketed = [], suppressed = [] } = await states()
    expect(ticketed.map(({ source }) => source)).toEqual(MAILS.map(() => 'pop3 127.0.0.1'))
    expect(suppressed.map(({ source, reason, of }) => ({ source, reason, of }))).toEqual(
      ticketed.map(({ id }) => ({ source: 'pop3 localhost', reason: 'duplicate/other-source', of: id })),
    )
    const reply = mail({ id: 'reply', from: 'a@example.com', inReplyTo: 'a' })
    servers[second].mailbox.deliver(reply)
    await pollAndWork(servers[second], 'localhost')
    expect((await messages()).at(-1)).toMatchObject({ state: 'ticketed', ticket: ticketed[0]?.ticket })
    await pollAndWork(servers[first], '127.0.0.1', { sheet: { known: MAILS.length, stored: 0 } })
    servers[first].mailbox.deliver(mail({ id: 'another', from: 'b@example.com', inReplyTo: 'b' }))
    await pollAndWork(servers[first], '127.0.0.1', { sheet: { known: MAILS.length, stored: 1 } })
    expect((await messages()).at(-1)).toMatchObject({ state: 'ticketed', ticket: ticketed[1]?.ticket })
  })
})

describe('the program', () => {
  beforeAll(buildProgram, 300_000)

  test('tells what it suppressed and held, and lets through what an operator releases (I8)', async () => {
    await using servers = await startServers()
    servers.deliver('one', mail({ id: 'one' }))
    servers.asMade.mailbox.deliver(mail({ id: 'forged', messageId: 'one', from: 'mallory@example.net' }), 'forged')
    const settings = (server: TestMailbox, host: string) => {
      const { MAILBOX_TEST_URL: url = '', ...others } = server.env(NEVER)
      return { ...others, DATABASE_URL: databaseUrl, MAILBOX_TEST_URL: url.replace('@127.0.0.1', `@${host}`) }
    }
    const [before] = await runJson(['drain', '--json'], settings(servers.asCame, '127.0.0.1'))
    expect(before).toMatchObject({ work: { ticketed: 1, suppressed: 0, quarantined: 0 } })
    const after = settings(servers.asMade, 'localhost')
    const { code, stdout, stderr } = await run(['drain', '--json'], after)
    expect([code, JSON.parse(stdout.toString())]).toMatchObject([
      0,
      { mailboxes: [{ stored: 2, error: null }], work: { ticketed: 0, suppressed: 1, quarantined: 1 } },
    ])
    const [ticketed, suppressed, doubtful] = await messages()
    const logged = logLines(stderr).filter(({ event }) => event.startsWith('message.'))
    expect(logged).toHaveLength(2)
    expect(logged).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          event: 'message.suppressed',
          inboundMessageId: suppressed?.id,
          duplicateOf: ticketed?.id,
        }),
        expect.objectContaining({
          event: 'message.quarantined',
          code: 'duplicate/doubtful',
          duplicateOf: ticketed?.id,
        }),
      ]),
    )
    const [listed] = await runJson(['messages', '--json', '--state', 'suppressed'], after)
    expect(listed).toMatchObject({ id: suppressed?.id, reason: 'duplicate/other-source', ticket: null })
    const [shown] = await runJson(['messages', 'show', doubtful?.id ?? '', '--json'], after)
    expect(shown).toMatchObject({
      state: 'quarantined',
      events: [
        { code: 'intake/stored' },
        { code: 'work/quarantined', detail: { reason: 'duplicate/doubtful', duplicateOf: ticketed?.id } },
      ],
    })
    expect(await run(['messages', 'release', doubtful?.id ?? ''], after)).toMatchObject({ code: 0 })
    const [released] = await runJson(['drain', '--json'], after)
    expect(released).toMatchObject({ work: { ticketed: 1, suppressed: 0, quarantined: 0 } })
  })
})
