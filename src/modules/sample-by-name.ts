/** What an SDK tells of a root span before it begins. */
interface SamplingContext {
  readonly name?: string | undefined;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  readonly parentSampled?: boolean | undefined;
  readonly parentSampleRate?: number | undefined;
}

/**
 * Makes a sampler that goes by the names of root spans. A trace that came from elsewhere keeps the
 * decision that was made there.
 * @param rates parts of names (or, of a request, of its path) with their rates; the first that fits
 *   counts
 * @param otherwise the rate of all other spans, or the sampler that decides about them
 */
export function sampleByName<Context extends SamplingContext>(
  rates: readonly (readonly [name: string, rate: number])[],
  otherwise: number | ((context: Context) => number | boolean),
): (context: Context) => number | boolean {
  return (context: Context) => {
    if (context.parentSampled === false) return false;
    // Its rate goes on with it: what is counted later is counted by it.
    if (context.parentSampled) return context.parentSampleRate ?? true;
    // SDK 11 calls a request by its method alone as long as nobody knows its route.
    const names = [context.name, context.attributes?.["url.path"]];
    const found = rates.find(([part]) =>
      names.some((name) => typeof name === "string" && name.includes(part)),
    );
    if (found) return found[1];
    return typeof otherwise === "function" ? otherwise(context) : otherwise;
  };
}
