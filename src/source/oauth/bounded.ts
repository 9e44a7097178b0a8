const LONGEST_ANSWER_BYTES = 1024 * 1024

/** The body of an answer to its end, under the deadline of its request. Rejects with TypeError beyond 1 MiB. */
export async function readBounded(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > LONGEST_ANSWER_BYTES) throw new TypeError('the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
