package dev.isthmus.peers;

import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.logbuffer.FragmentHandler;
import java.util.function.BooleanSupplier;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Requests and their replies, which come in the order of the requests. */
final class Calls
{
    /** So many looks between looks at the clock. */
    private static final int LOOKS = 1 << 16;

    private final ExclusivePublication requests;
    private final Subscription replies;
    private final Chores chores;
    private final UnsafeBuffer request;
    private final FragmentHandler take;
    /** When each call under way began; those that are not timed leave what was there. */
    private final long[] begun;

    private Samples samples;
    private long sent;
    private long received;
    private long end;
    private boolean isOver;
    /** The first reply is compared byte by byte. */
    private boolean isChecked;

    Calls(final Arguments given, final ExclusivePublication requests, final Subscription replies, final Chores chores)
    {
        this.requests = requests;
        this.replies = replies;
        this.chores = chores;
        request = new UnsafeBuffer(BufferUtil.allocateDirectAligned(given.bytes(), Long.SIZE));
        begun = new long[given.inFlight()];
        take = Channels.assembled(requests, given, (buffer, offset, length, header) -> receive(buffer, offset, length));
        // Bytes that tell places apart, so that an echo that is shifted or cut is found.
        for (int i = 0; i < given.bytes(); i++)
        {
            request.putByte(i, (byte)((i * 31) ^ (i >> 8)));
        }
    }

    void awaitServer()
    {
        await(() -> requests.isConnected() && replies.isConnected());
    }

    void checkOne()
    {
        samples = Samples.ofWarmUp();
        send();
        await(() -> Channels.poll(replies, take) >= 0 && received == 1);
        isChecked = true;
    }

    /** Makes calls for so many ms, and returns once none is under way. */
    Tally measure(final int ms, final Samples into)
    {
        final long begin = System.nanoTime();
        samples = into;
        end = begin + ms * 1_000_000L;
        isOver = false;
        sent = 0;
        received = 0;
        while (!isOver || received < sent)
        {
            while (!isOver && sent - received < begun.length)
            {
                send();
            }
            final long before = received;
            await(() -> Channels.poll(replies, take) >= 0 && received > before);
            chores.moved();
        }
        return new Tally(received, System.nanoTime() - begin);
    }

    private void send()
    {
        if (samples.takes(sent))
        {
            begun[(int)(sent % begun.length)] = System.nanoTime();
        }
        request.putLong(request.capacity() - Long.BYTES, sent);
        request.putLong(0, sent);
        if (!Channels.offer(requests, request, 0, request.capacity()))
        {
            await(() -> Channels.offer(requests, request, 0, request.capacity()));
        }
        sent++;
    }

    private void receive(final DirectBuffer buffer, final int offset, final int length)
    {
        final boolean same = isChecked ?
            length == request.capacity() &&
                buffer.getLong(offset) == received &&
                buffer.getLong(offset + length - Long.BYTES) == received :
            request.equals(new UnsafeBuffer(buffer, offset, length));
        if (!same)
        {
            Channels.end("the echo is not what was sent");
        }
        if (samples.takes(received))
        {
            final long now = System.nanoTime();
            samples.add(now - begun[(int)(received % begun.length)]);
            isOver = now >= end;
        }
        received++;
    }

    private void await(final BooleanSupplier condition)
    {
        long begin = 0;
        for (int looks = 1; !condition.getAsBoolean(); looks++)
        {
            Thread.onSpinWait();
            chores.looked();
            if (looks % LOOKS == 0)
            {
                final long now = System.nanoTime();
                begin = begin == 0 ? now : begin;
                if (now - begin > Channels.PATIENCE_NS)
                {
                    throw new IllegalStateException("no reply");
                }
            }
        }
    }
}
