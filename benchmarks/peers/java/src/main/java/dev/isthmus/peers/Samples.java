package dev.isthmus.peers;

import org.HdrHistogram.Histogram;

/** How long single calls took. */
final class Samples
{
    /** Above that, two looks at the clock are no part of what a call costs, and every call is timed. */
    private static final double SLOW_NS = 4000;
    /** Of fast calls, one in so many is timed. A prime: nothing else happens in such steps. */
    private static final int FEWER = 17;
    private static final long LONGEST_NS = 2 * Channels.PATIENCE_NS;
    private static final int DIGITS = 3;

    private final Histogram histogram = new Histogram(LONGEST_NS, DIGITS);
    private final int every;

    private Samples(final int every)
    {
        this.every = every;
    }

    /**
     * For what is measured.
     *
     * @param nsOfCall what a call costs
     */
    static Samples of(final double nsOfCall)
    {
        return new Samples(nsOfCall < SLOW_NS ? FEWER : 1);
    }

    /** For what is not: both branches of the code that is timed are taken, so that it is not compiled again later. */
    static Samples ofWarmUp()
    {
        return new Samples(2);
    }

    boolean takes(final long number)
    {
        return number % every == 0;
    }

    void add(final long ns)
    {
        histogram.recordValue(Math.min(ns, LONGEST_NS));
    }

    long percentile(final double percentile)
    {
        // Of the values that it cannot tell apart the least, so that none is above what was measured.
        return histogram.lowestEquivalentValue(histogram.getValueAtPercentile(percentile));
    }
}
