package dev.isthmus.peers;

import org.agrona.concurrent.AgentInvoker;

/**
 * What has to be done now and then beside the calls: Aeron's own work, by invokers, and a moment for the threads of the virtual
 * machine, which have no CPU but this one.
 */
final class Chores
{
    /** Looks that found nothing between two times: about 0.1 ms. */
    private static final int EVERY = 4096;
    /** So often the CPU is yielded as well. */
    private static final int YIELD_EVERY = 16;
    /** So often they are done while a term passes: before a publisher has to wait for its limit, which is half of one ahead. */
    private static final int TIMES_A_TERM = 8;

    private final AgentInvoker[] invokers;
    private final int message;
    private int turns;
    private int times;

    Chores(final Arguments given, final AgentInvoker... invokers)
    {
        this.invokers = invokers;
        final long ofTerm = (long)TIMES_A_TERM * EVERY * given.bytes() / Channels.termLength(given);
        message = (int)Math.max(1, ofTerm);
    }

    /** After a look that found nothing. */
    void looked()
    {
        turn(1);
    }

    /** After a message. */
    void moved()
    {
        turn(message);
    }

    /** While nothing else can be done. */
    void now()
    {
        turns = 0;
        for (final AgentInvoker invoker : invokers)
        {
            invoker.invoke();
        }
        if (++times % YIELD_EVERY == 0)
        {
            Thread.yield();
        }
    }

    private void turn(final int weight)
    {
        turns += weight;
        if (turns >= EVERY)
        {
            now();
        }
    }
}
