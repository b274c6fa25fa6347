package dev.isthmus.peers;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.FragmentAssembler;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import java.util.concurrent.TimeUnit;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;

/** What both sides know of each other: two streams over shared memory, and how patient they are. */
final class Channels
{
    static final int REQUESTS = 1;
    static final int REPLIES = 2;
    /** Nothing that is waited for takes longer, on a machine that does other things too. */
    static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(60);

    private static final String IPC = "aeron:ipc";
    /** So many fragments at a time, if they are there. */
    private static final int FRAGMENTS = 64;
    private static final int LEAST_TERM = 1 << 20;
    private static final int MOST_TERM = 1 << 30;

    private Channels()
    {
    }

    /** Where the driver has its files. */
    static String folder(final Arguments given)
    {
        return given.folder().resolve("aeron").toString();
    }

    /** Without threads of its own: whoever sends and receives invokes it. */
    static Aeron.Context context(final Arguments given)
    {
        return new Aeron.Context()
            .aeronDirectoryName(folder(given))
            .useConductorAgentInvoker(true)
            .driverTimeoutMs(TimeUnit.NANOSECONDS.toMillis(PATIENCE_NS))
            .errorHandler((error) -> end(error.toString()));
    }

    /**
     * The length of a term for these payloads: a message is at most an eighth of one, and all that are under way fit into half of one,
     * which is as far as a publisher may be ahead.
     */
    static int termLength(final Arguments given)
    {
        // A frame has a header of 32 bytes, and is aligned to as many.
        final long framed = given.bytes() + given.bytes() / 1024 + 64;
        final long needed = Math.max(8L * given.bytes(), 2 * framed * given.inFlight());
        return (int)Math.min(MOST_TERM, BitUtil.findNextPositivePowerOfTwo(Math.max(LEAST_TERM, needed)));
    }

    static ExclusivePublication publication(final Aeron aeron, final int stream)
    {
        return aeron.addExclusivePublication(IPC, stream);
    }

    static Subscription subscription(final Aeron aeron, final int stream)
    {
        return aeron.addSubscription(IPC, stream);
    }

    /** Messages that fit into one fragment, as most do, are seen where they lie. */
    static FragmentHandler assembled(final ExclusivePublication publication, final Arguments given, final FragmentHandler handler)
    {
        return given.bytes() <= publication.maxPayloadLength() ? handler : new FragmentAssembler(handler, given.bytes());
    }

    static int poll(final Subscription subscription, final FragmentHandler handler)
    {
        return subscription.poll(handler, FRAGMENTS);
    }

    /**
     * Sends a message, if there is room for it.
     *
     * @return false: there is none now
     */
    static boolean offer(final ExclusivePublication to, final DirectBuffer buffer, final int offset, final int length)
    {
        final long result = to.offer(buffer, offset, length);
        if (result < 0 && result != Publication.BACK_PRESSURED && result != Publication.ADMIN_ACTION)
        {
            throw new IllegalStateException("offer: " + Publication.errorString(result));
        }
        return result >= 0;
    }

    /** Ends the process: there is nobody whom an exception would reach. */
    static void end(final String error)
    {
        System.err.println(error);
        Runtime.getRuntime().halt(1);
    }
}
