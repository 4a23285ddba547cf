/** Starts several things as one, which gives all of them back, the last one first; also where one of them fails to start. */
export async function startedTogether<T extends object>(
  start: (add: <Each extends AsyncDisposable>(each: Each) => Each) => Promise<T>,
): Promise<T & AsyncDisposable> {
  const started: AsyncDisposable[] = []
  const close = async (): Promise<void> => {
    for (const each of started.splice(0).reverse()) await each[Symbol.asyncDispose]()
  }
  try {
    const all = await start((each) => {
      started.push(each)
      return each
    })
    return { ...all, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A plugin for Haraka that sends mail of a domain, and of those below it, to a server of the test. */
export function homePlugin(domain: string, { port }: { readonly port: number }): string {
  return `
exports.hook_get_mx = (next, hmail, domain) => {
  if (!domain.endsWith(${JSON.stringify(domain)})) return next()
  next(OK, { exchange: '127.0.0.1', port: ${port}, priority: 0 })
}
`
}
