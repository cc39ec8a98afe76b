import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.sse.EventSource;
import okhttp3.sse.EventSourceListener;
import okhttp3.sse.EventSources;

/** Prints the data of each event, over cuts and restarts. okhttp-sse leaves coming back to its caller. */
public final class Listen {
    private static volatile String lastId = "";

    public static void main(String[] args) throws InterruptedException {
        // Heartbeats come every 30 seconds; OkHttp gives up after 10.
        OkHttpClient client = new OkHttpClient.Builder().readTimeout(0, TimeUnit.SECONDS).build();
        while (true) {
            CountDownLatch over = new CountDownLatch(1);
            Request.Builder request = new Request.Builder().url(args[0]);
            if (!lastId.isEmpty()) request.header("Last-Event-ID", lastId);
            EventSources.createFactory(client).newEventSource(request.build(), new EventSourceListener() {
                @Override
                public void onEvent(EventSource source, String id, String type, String data) {
                    if (id != null) lastId = id;
                    if (type == null) System.out.println(data);
                }

                @Override
                public void onClosed(EventSource source) {
                    over.countDown();
                }

                @Override
                public void onFailure(EventSource source, Throwable why, Response response) {
                    over.countDown();
                }
            });
            over.await();
            Thread.sleep(200);
        }
    }
}
