package dev.isthmus.peers;

import io.aeron.Aeron;
import io.aeron.ExclusivePublication;
import io.aeron.Subscription;

/** Asks for echoes over Aeron IPC, polling: {@code AeronClient --bytes N --in-flight K --ms M FOLDER}. */
final class AeronClient
{
    private AeronClient()
    {
    }

    public static void main(final String[] words)
    {
        final Arguments given = Arguments.parse(words);
        try (Aeron aeron = Aeron.connect(Channels.context(given)))
        {
            final Chores chores = new Chores(given, aeron.conductorAgentInvoker());
            final ExclusivePublication requests = Channels.publication(aeron, Channels.REQUESTS);
            final Subscription replies = Channels.subscription(aeron, Channels.REPLIES);
            final Calls calls = new Calls(given, requests, replies, chores);
            calls.awaitServer();
            calls.checkOne();
            final double nsOfCall = new WarmUp(given.ms() / 2).run((ms) -> calls.measure(ms, Samples.ofWarmUp()));
            System.out.println("warm");
            final Samples samples = Samples.of(nsOfCall);
            final Tally tally = calls.measure(given.ms(), samples);
            System.out.printf(
                "{\"calls\":%d,\"ns\":%d,\"p50\":%d,\"p99\":%d,\"p999\":%d}%n",
                tally.calls(), tally.ns(), samples.percentile(50), samples.percentile(99), samples.percentile(99.9));
            AeronServer.awaitEndOfStdin();
        }
        catch (final RuntimeException error)
        {
            Channels.end(error.toString());
        }
    }
}
