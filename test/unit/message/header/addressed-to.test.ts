import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addressedTo } from '../../../../src/message/header/addressed-to.ts'

const NOBODY = { to: [], cc: [] }
const field = (name: string, value: string) => ({ name, value })

test('whom a mail was delivered to is read where Postfix, qmail, Exim and Exchange note it, then come To and Cc', () => {
  const header = [
    field('delivered-to', 'support+t.1.2.ff@example.org'),
    field('x-original-to', '<a@example.org>'),
    field('envelope-to', 'b@example.org, c@example.org'),
    field('x-envelope-to', 'b@example.org'),
    field('received', 'for <x@example.org>'),
  ]
  const [to, cc] = [[{ name: '', address: 'd@example.org' }], [{ name: 'n@x', address: 'e@example.org' }]]
  expect(addressedTo({ header, to, cc })).toEqual([
    'support+t.1.2.ff@example.org',
    ...['a', 'b', 'c', 'd', 'e'].map((name) => `${name}@example.org`),
  ])
})

test('any header gives a bounded list of words with an @', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { maxLength: 300 }), (values) => {
      const found = addressedTo({ header: values.map((value) => field('delivered-to', value)), ...NOBODY })
      expect(found.length).toBeLessThanOrEqual(100)
      for (const word of found) expect(word).toMatch(/^[^\s<>,;]*@[^\s<>,;]*$/)
    }),
  )
})
