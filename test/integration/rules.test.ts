import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { buildProgram, run } from '../support/program.ts'
import { type Desk, letter, openDesk, rulesFile } from '../support/rules-desk.ts'

const RULES = `rules:
  - name: form
    when: { from: forms@shop.example }
    then: { requester: reply-to, queue: sales, priority: high, tags: [web, form], assign: robin }
  - name: noise
    when: { subject: { starts-with: noise } }
    then: { suppress: true }
  - name: doubtful
    when: { subject: doubtful }
    then: { hold: true }
  - name: wanted
    when: { kind: auto-reply, subject: wanted }
    then: { ticket: true }
  - name: later
    when: { body: again }
    then: { queue: other, tag: again }
`

const tickets = ({ query }: Desk) =>
  query(`SELECT t.number, t.queue, t.priority, t.tags, t.assignee, c.name, c.address
         FROM tickets t JOIN contacts c ON c.id = t.requester_id ORDER BY t.number`)
const messages = ({ query }: Desk) => query(`SELECT state, reason FROM inbound_messages ORDER BY received_at, id`)
const told = ({ query }: Desk, code: string) =>
  query<{ detail: object }>('SELECT detail FROM inbound_events WHERE code = $1 ORDER BY id', [code])

describe('rules', () => {
  test('mark a new ticket, and the event of the decision names them (I8)', async () => {
    await using desk = await openDesk(RULES)
    await desk.takeIn(letter({ from: 'forms@shop.example', fields: ['Reply-To: Bea <bea@customer.example>'] }))
    expect(await tickets(desk)).toEqual([
      {
        ...{ number: 1, queue: 'sales', priority: 'high', tags: ['web', 'form'], assignee: 'robin' },
        ...{ name: 'Bea', address: 'bea@customer.example' },
      },
    ])
    expect(await told(desk, 'work/ticketed')).toMatchObject([{ detail: { rules: ['form'] } }])
  })

  test('who a contact form wrote for may answer on the ticket', async () => {
    await using desk = await openDesk(RULES)
    await desk.takeIn(letter({ from: 'forms@shop.example', fields: ['Reply-To: Bea <bea@customer.example>'] }))
    const answer = { id: 'two', from: 'bea@customer.example', fields: ['In-Reply-To: <one@customer.example>'] }
    await desk.takeIn(letter(answer))
    expect(await desk.query('SELECT count(*)::int AS entries FROM ticket_entries GROUP BY ticket_id')).toEqual([
      { entries: 2 },
    ])
  })

  test('a mail on a ticket that is there adds its tags; what else was set is no longer theirs', async () => {
    await using desk = await openDesk(RULES)
    await desk.takeIn(letter())
    await desk.query(`UPDATE tickets SET queue = 'chosen', tags = '{mine}'`)
    const fields = ['In-Reply-To: <one@customer.example>']
    await desk.takeIn(letter({ id: 'two', body: 'And again.', fields }))
    await desk.takeIn(letter({ id: 'three', body: 'Once again.', fields }))
    expect(await tickets(desk)).toMatchObject([
      { number: 1, queue: 'chosen', priority: 'normal', tags: ['mine', 'again'] },
    ])
  })

  test('suppress and hold, with their reason, and with their names in the event', async () => {
    await using desk = await openDesk(RULES)
    await desk.takeIn(letter({ subject: 'noise' }))
    await desk.takeIn(letter({ subject: 'doubtful' }))
    expect(await messages(desk)).toEqual([
      { state: 'suppressed', reason: 'rule/suppress' },
      { state: 'quarantined', reason: 'rule/hold' },
    ])
    expect(await told(desk, 'work/suppressed')).toMatchObject([{ detail: { rules: ['noise'], kind: 'personal' } }])
    expect(await told(desk, 'work/quarantined')).toMatchObject([{ detail: { rules: ['doubtful'] } }])
  })

  test('what an operator lets through is not held again: an operator has the last word', async () => {
    await using desk = await openDesk(RULES)
    await desk.takeIn(letter({ subject: 'doubtful' }))
    const [held] = await desk.query<{ id: string }>('SELECT id FROM inbound_messages')
    expect(await desk.worker.app.store.messages.reprocess(held?.id ?? '', { actor: 'test' })).toBe(true)
    await desk.worker.workOff()
    expect(await messages(desk)).toMatchObject([{ state: 'ticketed' }])
  })

  test('make a ticket of what its kind would make none of', async () => {
    await using desk = await openDesk(RULES)
    const fields = ['Auto-Submitted: auto-replied']
    await desk.takeIn(letter({ subject: 'wanted', fields }))
    expect(await messages(desk)).toMatchObject([{ state: 'ticketed' }])
    await desk.takeIn(letter({ id: 'three', subject: 'another', fields }))
    expect((await messages(desk)).at(-1)).toMatchObject({ state: 'suppressed' })
  })
})

describe('control fields', () => {
  const FIELDS = ['X-Mailchute-Queue: machines', 'X-Mailchute-Priority: low', 'X-Mailchute-Tags: a, b']

  test('are obeyed in a mailbox that is set so', async () => {
    await using desk = await openDesk(null, { MAILBOX_TEST_CONTROL_HEADERS: 'on' })
    await desk.takeIn(letter({ fields: FIELDS }))
    await desk.takeIn(letter({ id: 'two', fields: ['X-Mailchute-Hold: yes'] }))
    expect(await tickets(desk)).toMatchObject([{ queue: 'machines', priority: 'low', tags: ['a', 'b'] }])
    expect((await messages(desk)).at(-1)).toEqual({ state: 'quarantined', reason: 'rule/hold' })
    expect(await told(desk, 'work/quarantined')).toMatchObject([{ detail: { controlHeaders: ['x-mailchute-hold'] } }])
  })

  test('are ignored in any other, and the event says so', async () => {
    await using desk = await openDesk(null)
    await desk.takeIn(letter({ fields: [...FIELDS, 'X-Mailchute-Suppress: yes'] }))
    expect(await tickets(desk)).toMatchObject([{ queue: null, priority: 'normal', tags: [] }])
    expect(await told(desk, 'work/ticketed')).toMatchObject([{ detail: { controlHeadersIgnored: true } }])
  })
})

describe('contacts', () => {
  test('Reply-To is kept and shown, and decides nothing', async () => {
    await using desk = await openDesk(null)
    await desk.takeIn(letter({ fields: ['Reply-To: Eve <eve@stranger.example>'] }))
    expect(await tickets(desk)).toMatchObject([{ address: 'ann@customer.example' }])
    expect(await desk.query('SELECT recipients FROM ticket_entries')).toMatchObject([
      { recipients: expect.arrayContaining([{ field: 'reply-to', name: 'Eve', address: 'eve@stranger.example' }]) },
    ])
    expect(await desk.query(`SELECT 1 FROM ticket_participants WHERE address LIKE 'eve@%'`)).toEqual([])
  })

  test('a name is filled in once it is known, and never written over', async () => {
    await using desk = await openDesk(null)
    const names = () => desk.query('SELECT name, address FROM contacts')
    await desk.takeIn(letter({ from: 'ann@customer.example' }))
    expect(await names()).toEqual([{ name: '', address: 'ann@customer.example' }])
    await desk.takeIn(letter({ id: 'two', from: 'Ann Smith <ANN@customer.example>' }))
    await desk.takeIn(letter({ id: 'three', from: 'Your Boss <ann@customer.example>' }))
    expect(await names()).toEqual([{ name: 'Ann Smith', address: 'ann@customer.example' }])
  })

  test('subaddresses are contacts of their own (RFC 5233: the part behind + means what its owner likes)', async () => {
    await using desk = await openDesk(null)
    await desk.takeIn(letter({ from: 'ann+shop@customer.example' }), letter({ id: 'two' }))
    expect(await desk.query('SELECT 1 FROM contacts')).toHaveLength(2)
  })

  test.each([
    ['no From at all', ''],
    ['an empty From', ' '],
    ['a From that is no address', '<>'],
  ])('two strangers with %s share a contact without a name, and no ticket', async (_, from) => {
    await using desk = await openDesk(null)
    await desk.takeIn(letter({ from }))
    await desk.takeIn(letter({ id: 'two', from, fields: ['In-Reply-To: <one@customer.example>'] }))
    expect(await tickets(desk)).toMatchObject([
      { number: 1, name: '', address: '' },
      { number: 2, name: '' },
    ])
    expect(await desk.query(`SELECT 1 FROM ticket_participants WHERE address = ''`)).toEqual([])
    expect(await desk.query('SELECT DISTINCT requester_id FROM tickets')).toHaveLength(1)
  })

  test('the first hundred of a long Cc take part, writer and mailbox among them', async () => {
    await using desk = await openDesk(null, {
      MAILBOX_ZOO_URL: 'pop3s://support%40desk.example@mail.invalid',
      MAILBOX_ZOO_PASSWORD: 'x',
    })
    const many = Array.from({ length: 300 }, (_, index) => `<c${index}@many.example>`)
    await desk.takeIn(letter({ fields: [`Cc: ${many.join(',\r\n ')}`] }))
    const rows = await desk.query<{ address: string }>('SELECT address FROM ticket_participants')
    expect(rows).toHaveLength(100)
    const addresses = rows.map(({ address }) => address)
    expect(addresses).toEqual(
      expect.arrayContaining(['ann@customer.example', 'support@desk.example', 'c0@many.example', 'c97@many.example']),
    )
    expect(addresses).not.toContain('c98@many.example')
  })
})

describe('the commands', () => {
  beforeAll(buildProgram)
  const WRONG = 'rules:\n  - name: a\n    when: { form: x }\n    then: { hold: true }\n'

  test('`rules check` shows the rules, or ends with 78 and every mistake with its line', async () => {
    const good = await run(['rules', 'check', await rulesFile(RULES)])
    expect([good.code, good.stderr]).toEqual([0, ''])
    expect(good.stdout.toString()).toMatch(/form +from forms@shop\.example +queue sales/)
    const bad = await run(['rules', 'check', await rulesFile(WRONG)])
    expect(bad.code).toBe(78)
    expect(bad.stderr).toContain("rules.yaml:3:13: there is no field 'form'; did you mean from?")
  })

  test.each([['run'], ['drain']])('`%s` does not start with a wrong file', async (command) => {
    const settings = {
      MAILCHUTE_RULES: await rulesFile(WRONG),
      MAILBOX_A_URL: 'pop3s://a@mail.invalid',
      MAILBOX_A_PASSWORD: 'x',
    }
    const { code, stderr } = await run([command], settings)
    expect(code).toBe(78)
    expect(stderr).toContain('config/rules-invalid')
  })

  test('`explain` says which rules match and why; without rules it says nothing of them', async () => {
    const file = path.join(path.dirname(await rulesFile('rules: []')), 'mail.eml')
    await writeFile(file, letter({ subject: 'noise of a machine', body: 'again' }))
    const explained = async (...args: string[]) => (await run(['explain', ...args, file])).stdout.toString()
    const rules = await rulesFile(RULES)
    expect(JSON.parse(await explained('--json', '--rules', rules))).toMatchObject({
      rules: [
        { name: 'noise', because: ['subject starts-with noise'] },
        { name: 'later', because: ['body contains again'] },
      ],
      fate: 'suppress',
      fateReason: 'rule/suppress',
      marks: { queue: 'other', tags: ['again'] },
    })
    expect(await explained('--rules', rules)).toMatch(/^rule +noise: subject starts-with noise$/m)
    expect(JSON.parse(await explained('--json'))).not.toHaveProperty('fate')
  })
})
