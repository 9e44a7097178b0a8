import { simpleParser } from 'mailparser'
import { describe, expect, test } from 'vitest'
import { generateMails } from '../../../src/sandbox/generate.ts'

describe('generated mails', () => {
  test('the same seed gives the same octets, another seed gives others', () => {
    expect(generateMails({ count: 30, seed: 5 })).toEqual(generateMails({ count: 30, seed: 5 }))
    expect(generateMails({ count: 3, seed: 5 })).not.toEqual(generateMails({ count: 3, seed: 6 }))
  })

  test.each([
    [300, 46_000],
    [300, 10_000],
    [20, 46_000],
    [10, 600_000],
  ])('%d mails have %d octets on average', (count, averageBytes) => {
    const mails = generateMails({ count, averageBytes })
    const total = mails.reduce((sum, { octets }) => sum + octets.length, 0)
    expect(Math.abs(total / count / averageBytes - 1)).toBeLessThan(0.05)
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(count)
    expect(new Set(mails.map(({ uniqueId }) => uniqueId)).size).toBe(count)
  })

  test('some are HTML, some have attachments of 100 to 400 KB, and most are small', async () => {
    const mails = generateMails({ count: 200 })
    const parsed = await Promise.all(mails.slice(0, 40).map(({ octets }) => simpleParser(octets)))
    expect(parsed.filter(({ html }) => html).length).toBeGreaterThan(5)
    expect(parsed.every(({ text }) => text)).toBe(true)
    const big = mails.filter(({ octets }) => octets.length > 90_000)
    expect(big.length).toBeGreaterThan(20)
    expect(big.length).toBeLessThan(50)
    expect(Math.max(...mails.map(({ octets }) => octets.length))).toBeLessThan(450_000)
  })

  test.each(['references', 'in-reply-to'] as const)(
    'threads are linked by %s, and two people take turns',
    async (link) => {
      const mails = generateMails({ count: 9, averageBytes: 2_000, threads: { count: 2, mailsEach: 4, link } })
      expect(mails.map(({ thread }) => thread)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, null])
      const thread = mails.filter((mail) => mail.thread === 1)
      const parsed = await Promise.all(thread.map(({ octets }) => simpleParser(octets)))
      const ids = thread.map(({ messageId }) => messageId)
      expect(parsed.map(({ inReplyTo }) => inReplyTo)).toEqual([undefined, ...ids.slice(0, 3)])
      expect([parsed[3]?.references].flat()).toEqual(link === 'references' ? ids.slice(0, 3) : [undefined])
      expect(parsed.map(({ from }) => from?.value[0]?.address)).toEqual([
        'customer-1@generated.example',
        'robin.hart@mailchute.example',
        'customer-1@generated.example',
        'robin.hart@mailchute.example',
      ])
      for (const { to, cc } of parsed) expect(JSON.stringify([to, cc])).toContain('support@mailchute.example')
    },
  )

  test('threads can come one by one', () => {
    const threads = { count: 2, mailsEach: 3, link: 'references', order: 'one-by-one' } as const
    const mails = generateMails({ count: 6, averageBytes: 1_000, threads })
    expect(mails.map(({ thread }) => thread)).toEqual([0, 0, 0, 1, 1, 1])
  })
})
