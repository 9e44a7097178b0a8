import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, test } from 'vitest'
import { PARSE_LIMITS } from '../../../src/message/parse/limits.ts'
import { createParsePool, type ParsePool, type ParsePoolOptions } from '../../../src/ticketing/parse-pool.ts'

const MIB = 1024 * 1024
const SMALL = Buffer.from('Subject: small\r\nMessage-ID: <s@x>\r\n\r\nhi')
const forever = new AbortController().signal
let pools: ParsePool[] = []

const createPool = (options: ParsePoolOptions = {}): ParsePool => {
  const pool = createParsePool({ threads: 2, ...options })
  pools.push(pool)
  return pool
}

afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()))
  pools = []
})

const whole = (octets: Buffer) => ({
  sizeBytes: octets.length,
  octets: async function* () {
    yield octets
  },
})

const LINE = Buffer.from(`${'QUJD'.repeat(19)}\r\n`)
const BLOCK = Buffer.concat(Array.from({ length: 1000 }, () => LINE))
const ATTACHMENT_HEAD = Buffer.from(
  'Subject: large\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n',
)

/** One attachment of `blocks` blocks; `onBlock` is called before each. */
const large = (blocks: number, onBlock: (index: number) => void | Promise<void> = () => {}) => ({
  sizeBytes: ATTACHMENT_HEAD.length + blocks * BLOCK.length,
  octets: async function* () {
    yield ATTACHMENT_HEAD
    for (let index = 0; index < blocks; index++) {
      await onBlock(index)
      yield BLOCK
    }
  },
})

/** Addresses take far more heap than octets. */
const HUNGRY = whole(Buffer.from(`Subject: hungry\r\nTo: ${'a@b,'.repeat(250_000)}\r\n\r\nhi`))
const BARE = { defects: expect.arrayContaining(['parsed-barely']) }

describe('the parse pool', () => {
  test('parses small messages, more than it has threads', async () => {
    const pool = createPool()
    const messages = await Promise.all(Array.from({ length: 20 }, () => pool.parse(whole(SMALL), forever)))
    expect(new Set(messages.map(({ messageId }) => messageId))).toEqual(new Set(['<s@x>']))
  })

  test('leaves the buffers it is given as they are, though they are views of a shared one', async () => {
    const shared = Buffer.concat([SMALL, SMALL])
    const pool = createPool()
    await pool.parse(whole(shared.subarray(0, SMALL.length)), forever)
    await pool.parse({ ...large(30), octets: large(30).octets }, forever)
    expect(shared.equals(Buffer.concat([SMALL, SMALL]))).toBe(true)
    expect(BLOCK.length).toBe(78_000)
  })

  test('parses a mail of no octets', async () => {
    expect(await createPool().parse(whole(Buffer.alloc(0)), forever)).toMatchObject({ subject: '', text: null })
  })

  test('streams a large message through, with the right digest', async () => {
    const message = await createPool().parse(large(200), forever)
    const octets = Buffer.from(BLOCK.toString('latin1').repeat(200), 'base64')
    const sha256 = createHash('sha256').update(octets).digest('hex')
    expect(message.attachments).toMatchObject([{ sizeBytes: octets.length, sha256 }])
  })

  test('reads a large message no faster than it is parsed: what waits is bounded', async () => {
    let read = 0
    const gate = new EventTarget()
    const source = large(400, () => {
      read++
      if (read === 400) gate.dispatchEvent(new Event('all'))
    })
    // The thread is busy until it has started, and a source that ignored it would be read to the end at once.
    const parsing = createPool().parse(source, forever)
    for (let turn = 0; turn < 1000; turn++) await Promise.resolve()
    await new Promise(setImmediate)
    expect(read * BLOCK.length).toBeLessThan(2 * MIB)
    const all = once(gate, 'all')
    await parsing
    await all
    expect(read).toBe(400)
  })

  test.each(['small', 'large'])('a %s message that takes too long is ended, and its start is read', async (size) => {
    const pool = createPool({ timeLimitSeconds: () => 0.001 })
    const message = await pool.parse(size === 'small' ? whole(SMALL) : large(100), forever)
    expect(message).toMatchObject({ ...BARE, subject: size })
  })

  test('a message that takes too much memory is ended, and its start is read', async () => {
    const pool = createPool({ heapMib: 24, limits: { ...PARSE_LIMITS, maxAddresses: 1_000_000 } })
    const message = await pool.parse(HUNGRY, forever)
    expect(message).toMatchObject({ ...BARE, subject: 'hungry' })
    expect((await pool.parse(whole(SMALL), forever)).subject).toBe('small')
  })

  test('what reading the start throws is passed on, too', async () => {
    let reads = 0
    const source = {
      ...whole(SMALL),
      octets: async function* () {
        if (++reads > 1) throw new Error('the disk is gone')
        yield SMALL
      },
    }
    const pool = createPool({ timeLimitSeconds: () => 0.001 })
    await expect(pool.parse(source, forever)).rejects.toThrow('the disk is gone')
    expect(reads).toBe(2)
  })

  test('a killed parse does not disturb the one beside it, nor those that wait (I6)', async () => {
    const pool = createPool({ heapMib: 24, limits: { ...PARSE_LIMITS, maxAddresses: 1_000_000 } })
    // The one beside it goes on only when the other is dead.
    let goOn = () => {}
    const dead = new Promise<void>((resolve) => {
      goOn = resolve
    })
    const beside = pool.parse(
      large(40, (index) => (index === 20 ? dead : undefined)),
      forever,
    )
    const hostile = pool.parse(HUNGRY, forever).finally(() => goOn())
    const waiting = Array.from({ length: 10 }, () => pool.parse(whole(SMALL), forever))
    const [message, killed] = await Promise.all([beside, hostile, ...waiting])
    expect(killed).toMatchObject(BARE)
    expect(message.attachments).toHaveLength(1)
    expect(await Promise.all(waiting)).toHaveLength(10)
  })

  test('text of any size stays in bounds: it is cut while it streams', async () => {
    const line = Buffer.from('a line of text\r\n'.repeat(5000))
    const source = {
      sizeBytes: 500 * line.length,
      octets: async function* () {
        yield Buffer.from('Subject: long\r\n\r\n')
        for (let index = 0; index < 500; index++) yield line
      },
    }
    const message = await createPool({ heapMib: 64 }).parse(source, forever)
    expect(message.text?.length).toBeLessThanOrEqual(PARSE_LIMITS.maxTextChars)
    expect(message.defects).toContain('text-truncated')
  })

  test('what reading the octets throws is passed on: it is not the fault of the message', async () => {
    const failure = new Error('the database is gone')
    const broken = large(100, (index) => {
      if (index === 50) throw failure
    })
    const pool = createPool()
    await expect(pool.parse(broken, forever)).rejects.toBe(failure)
    await expect(pool.parse({ ...broken, sizeBytes: 10 }, forever)).rejects.toBe(failure)
    expect((await pool.parse(whole(SMALL), forever)).subject).toBe('small')
  })

  test.each([10, 30])('heeds the signal: while it waits for a thread, and while %i blocks come in', async (blocks) => {
    const pool = createPool({ threads: 1 })
    const busy = new AbortController()
    const reason = new Error('shutting down')
    const started = Promise.withResolvers<void>()
    const never = new Promise<void>(() => {})
    const first = pool.parse(
      large(blocks, () => {
        started.resolve()
        return never
      }),
      busy.signal,
    )
    const ended = expect(first).rejects.toBe(reason)
    await started.promise
    const waiting = new AbortController()
    const second = expect(pool.parse(whole(SMALL), waiting.signal)).rejects.toBe(reason)
    waiting.abort(reason)
    await second
    const third = pool.parse(whole(SMALL), forever)
    busy.abort(reason)
    await ended
    expect((await third).subject).toBe('small')
  })

  test('large messages go one at a time', async () => {
    const pool = createPool()
    let under = 0
    let most = 0
    const one = () => {
      const source = large(60)
      return {
        sizeBytes: source.sizeBytes,
        octets: async function* () {
          most = Math.max(most, ++under)
          yield* source.octets()
          under--
        },
      }
    }
    await Promise.all([one(), one(), one()].map((source) => pool.parse(source, forever)))
    expect(most).toBe(1)
  })

  test('hands over the octets of attachments when asked to', async () => {
    const mail = Buffer.concat([ATTACHMENT_HEAD, Buffer.from('aGVsbG8=\r\n')])
    const { attachments } = await createPool().parse({ ...whole(mail), content: true }, forever)
    expect(Buffer.from(attachments[0]?.content ?? []).toString()).toBe('hello')
  })
})
