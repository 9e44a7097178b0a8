import { createConnect } from '../../src/access/connect.ts'

/** Any source, for mailboxes whose password or token is set. */
export const connect = createConnect({
  accessToken: () => Promise.reject(new Error('this test has no OAuth client')),
})
