import { unavailable } from '../../../src/sandbox/exchange.ts'
import type { FaultServer, FaultServerOptions } from '../fault-server.ts'
import { startExchangeMailbox } from '../sandbox.ts'
import { faultServerOver, SLOW } from './pop3.ts'

/** FAULT_SEED sets at which commands it is unavailable: it is told where a promise is broken. */
const SEED = Number(process.env['FAULT_SEED'] ?? 21)
/** Of the commands; with many mails at once fewer, so that a poll gets to its end. */
const OFTEN = 0.03
const SELDOM = 0.003

/** The sandbox with the manners of Exchange, unavailable at random. */
export async function exchange({ isSlow = false, isCalm = false }: FaultServerOptions = {}): Promise<FaultServer> {
  const whileFetching = isSlow ? SELDOM : OFTEN
  const trouble = isCalm ? [] : [unavailable({ seed: SEED, atLogon: OFTEN, whileFetching, hangsUp: 0.5 })]
  const server = await startExchangeMailbox([], { manners: [...trouble, ...(isSlow ? SLOW : [])] })
  return { ...faultServerOver(server), mayFailWith: ['source/server-busy'] }
}
