import { PrismaPg } from '@prisma/adapter-pg'
import { describe, expect, test } from 'vitest'
import { MailchuteError } from '../../../src/errors.ts'
import { PrismaClient } from '../../../src/generated/prisma/client.ts'
import { storeError } from '../../../src/store/pg-errors.ts'

const sqlState = (code: string, message = 'said PostgreSQL') => Object.assign(new Error(message), { code })

describe('what the database says becomes an error of ours (PostgreSQL manual, appendix A)', () => {
  test.each([
    ['53100', 'store/disk-full'],
    ['42P01', 'store/not-migrated'],
    ['22021', 'store/write-refused'],
    ['23514', 'store/write-refused'],
    ['54000', 'store/write-refused'],
    ['57P01', 'store/unavailable'],
    ['53300', 'store/unavailable'],
    ['40P01', 'store/unavailable'],
    ['28P01', 'store/unavailable'],
    ['3D000', 'store/unavailable'],
    ['ECONNREFUSED', 'store/unavailable'],
    ['ENOTFOUND', 'store/unavailable'],
    ['ERR_ASSERTION', 'internal/bug'],
  ] as const)('%s is %s', (code, expected) => {
    expect(storeError(sqlState(code)).code).toBe(expected)
  })

  test('a disk that is full says so in words, too', () => {
    expect(storeError(sqlState('58030', 'could not extend file: No space left on device')).code).toBe('store/disk-full')
  })

  test('a connection that ends midway passes by itself', () => {
    expect(storeError(new Error('Connection terminated unexpectedly'))).toMatchObject({
      ...{ code: 'store/unavailable', remedy: 'retry' },
    })
  })

  test('a server that Prisma cannot reach is away, no fault of ours', async () => {
    const prisma = new PrismaClient({
      adapter: new PrismaPg({ connectionString: 'postgresql://nobody@127.0.0.1:1/x' }),
    })
    const thrown = await prisma.mailbox.findMany().catch((error: unknown) => error)
    expect(storeError(thrown).code).toBe('store/unavailable')
  })

  test('the value that was refused is never quoted: it may be mail content (I9)', () => {
    const error = storeError(sqlState('22021', 'invalid byte sequence: "a secret"'))
    expect(error.message).not.toContain('secret')
    expect(error.message).toContain('22021')
  })

  test('an error of ours stays the same error', () => {
    const error = new MailchuteError('store/raw-damaged', 'damaged')
    expect(storeError(error)).toBe(error)
  })
})
