/** HTML with more elements, or deeper ones, than can be laid out in bounded time. */
export class TooMuch extends Error {}
