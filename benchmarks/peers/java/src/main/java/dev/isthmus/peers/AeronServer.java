package dev.isthmus.peers;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;
import io.aeron.driver.MediaDriver;
import io.aeron.driver.ThreadingMode;
import io.aeron.logbuffer.FragmentHandler;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.atomic.AtomicBoolean;

/** Echoes over Aeron IPC, polling, with the media driver in the same thread: {@code AeronServer --bytes N --in-flight K FOLDER}. */
final class AeronServer
{
    /** The largest that a frame may be; larger messages are sent in several. */
    private static final int LARGEST_FRAME = 65_504;

    private AeronServer()
    {
    }

    public static void main(final String[] words)
    {
        final Arguments given = Arguments.parse(words);
        final AtomicBoolean isOver = new AtomicBoolean();
        watch(isOver);
        try (MediaDriver driver = MediaDriver.launchEmbedded(driverContext(given));
            Aeron aeron = Aeron.connect(Channels.context(given).driverAgentInvoker(driver.sharedAgentInvoker())))
        {
            serve(given, aeron, new Chores(given, driver.sharedAgentInvoker(), aeron.conductorAgentInvoker()), isOver);
        }
        // Else the hook for SIGTERM would still wait for this thread.
        Runtime.getRuntime().halt(0);
    }

    private static MediaDriver.Context driverContext(final Arguments given)
    {
        return new MediaDriver.Context()
            .aeronDirectoryName(Channels.folder(given))
            .threadingMode(ThreadingMode.INVOKER)
            .ipcTermBufferLength(Channels.termLength(given))
            .ipcMtuLength(LARGEST_FRAME)
            .clientLivenessTimeoutNs(Channels.PATIENCE_NS)
            .publicationUnblockTimeoutNs(2 * Channels.PATIENCE_NS)
            .driverTimeoutMs(Channels.PATIENCE_NS / 1_000_000)
            .dirDeleteOnStart(true)
            .dirDeleteOnShutdown(true)
            .errorHandler((error) -> System.err.println(error));
    }

    private static void serve(
        final Arguments given, final Aeron aeron, final Chores chores, final AtomicBoolean isOver)
    {
        final Subscription requests = Channels.subscription(aeron, Channels.REQUESTS);
        final ExclusivePublication replies = Channels.publication(aeron, Channels.REPLIES);
        final FragmentHandler echo = Channels.assembled(replies, given, (buffer, offset, length, header) ->
        {
            while (!Channels.offer(replies, buffer, offset, length))
            {
                chores.now();
            }
            chores.moved();
        });
        System.out.println("ready");
        while (!isOver.get())
        {
            if (Channels.poll(requests, echo) == 0)
            {
                Thread.onSpinWait();
                chores.looked();
            }
        }
    }

    /** At SIGTERM, and when stdin ends. */
    private static void watch(final AtomicBoolean isOver)
    {
        final Thread main = Thread.currentThread();
        Runtime.getRuntime().addShutdownHook(new Thread(() ->
        {
            isOver.set(true);
            try
            {
                main.join();
            }
            catch (final InterruptedException ignored)
            {
                Thread.currentThread().interrupt();
            }
        }));
        final Thread reader = new Thread(() ->
        {
            awaitEndOfStdin();
            isOver.set(true);
        });
        reader.setDaemon(true);
        reader.start();
    }

    /** Returns when stdin has ended, or cannot be read. */
    static void awaitEndOfStdin()
    {
        try
        {
            System.in.transferTo(OutputStream.nullOutputStream());
        }
        catch (final IOException ended)
        {
            // An error ends it as well as end of file does.
        }
    }
}
