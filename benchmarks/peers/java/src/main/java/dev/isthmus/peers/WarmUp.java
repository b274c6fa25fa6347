package dev.isthmus.peers;

import java.util.function.IntFunction;

/** Makes calls until they become no faster: by then they are compiled. As benchmarks/hop/clients/warm-up.ts does. */
final class WarmUp
{
    /** So many windows at most, by the time that they take. */
    private static final int MOST = 24;
    /** A window that costs more than this share of the best before it is no faster. */
    private static final double FASTER = 0.95;
    /** So many in a row that are no faster end it: one may have been disturbed. */
    private static final int ENOUGH = 2;
    private static final long NS_OF_MS = 1_000_000;

    private final int windowMs;

    WarmUp(final int windowMs)
    {
        this.windowMs = Math.max(1, windowMs);
    }

    /**
     * @param window makes calls for so many ms
     * @return what a call costs at the end, in ns
     */
    double run(final IntFunction<Tally> window)
    {
        double best = Double.POSITIVE_INFINITY;
        double last = best;
        long elapsed = 0;
        for (int noFaster = 0; noFaster < ENOUGH && elapsed < MOST * windowMs * NS_OF_MS;)
        {
            final Tally tally = window.apply(windowMs);
            last = (double)tally.ns() / tally.calls();
            noFaster = last < FASTER * best ? 0 : noFaster + 1;
            best = Math.min(best, last);
            elapsed += tally.ns();
        }
        return last;
    }
}
