import { expect, test } from 'vitest'
import { nextAttemptAt } from '../../../src/outbound/back-off.ts'

const NOW = new Date('2026-11-25T12:00:00Z')
const seconds = (attempts: number, random: number) =>
  (nextAttemptAt(attempts, NOW, random).getTime() - NOW.getTime()) / 1000

test('the pause doubles from a minute to an hour, and a random half of it is spared', () => {
  expect([1, 2, 3, 6, 7, 500].map((attempts) => seconds(attempts, 1))).toEqual([60, 120, 240, 1920, 3600, 3600])
  expect([1, 7].map((attempts) => seconds(attempts, 0))).toEqual([30, 1800])
})
